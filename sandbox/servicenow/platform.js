/* The classes of the platform that the scoped app's scripts use, over `call_python`. ES5, like them. */
var Class = {
    create: function () {
        return function () {
            this.initialize.apply(this, arguments);
        };
    }
};

var gs = (function () {
    function log(level) {
        return function (message) {
            call_python('log', level, String(message));
        };
    }
    return {
        getProperty: function (name, fallback) {
            var value = call_python('property', String(name));
            if (value !== null && value !== '') {
                return value;
            }
            return fallback === undefined ? '' : fallback;
        },
        info: log('info'),
        warn: log('warning'),
        error: log('error'),
        debug: log('debug'),
        eventQueue: function (name, record, parm1, parm2) {
            call_python('event_queue', String(name), String(parm1 || ''), String(parm2 || ''));
        },
        eventQueueScheduled: function (name, record, parm1, parm2, at) {
            call_python('event_queue_at', String(name), String(parm1 || ''), String(parm2 || ''), at.getNumericValue());
        },
        base64Encode: function (text) {
            return call_python('base64_encode', String(text));
        },
        generateGUID: function () {
            return call_python('guid');
        },
        getUserID: function () {
            return call_python('user_id');
        },
        getUserName: function () {
            return call_python('user_name');
        },
        nil: function (value) {
            return value === null || value === undefined || String(value) === '';
        }
    };
}());

function GlideElement(value, display) {
    this._value = value;
    this._display = display;
}
GlideElement.prototype = {
    toString: function () {
        return this._value;
    },
    getDisplayValue: function () {
        return this._display;
    },
    nil: function () {
        return this._value === '';
    }
};

function GlideRecord(table) {
    this._table = table;
    this._query = '';
    this._limit = 0;
    this._rows = [];
    this._at = -1;
    this._row = null;
    this._changes = {};
}
GlideRecord.prototype = {
    addQuery: function (field, operator, value) {
        if (arguments.length === 1) {
            return this.addEncodedQuery(field);
        }
        if (arguments.length === 2) {
            value = operator;
            operator = '=';
        }
        return this.addEncodedQuery(field + operator + String(value).replace(/\^/g, '^^'));
    },
    addActiveQuery: function () {
        return this.addQuery('active', 'true');
    },
    addEncodedQuery: function (query) {
        this._query += (this._query ? '^' : '') + query;
    },
    orderBy: function (field) {
        this.addEncodedQuery('ORDERBY' + field);
    },
    orderByDesc: function (field) {
        this.addEncodedQuery('ORDERBYDESC' + field);
    },
    setLimit: function (limit) {
        this._limit = limit;
    },
    query: function () {
        this._rows = call_python('select', this._table, this._query, this._limit);
        this._at = -1;
    },
    hasNext: function () {
        return this._at + 1 < this._rows.length;
    },
    next: function () {
        if (!this.hasNext()) {
            return false;
        }
        this._at += 1;
        this._row = this._rows[this._at];
        return true;
    },
    get: function (field, value) {
        if (arguments.length === 1) {
            value = field;
            field = 'sys_id';
        }
        this._query = '';
        this.addQuery(field, value);
        this.setLimit(1);
        this.query();
        return this.next();
    },
    getRowCount: function () {
        return this._rows.length;
    },
    isValidRecord: function () {
        return this._row !== null;
    },
    getTableName: function () {
        return this._table;
    },
    getUniqueValue: function () {
        return this._row === null ? null : this._row.sys_id;
    },
    getElement: function (path) {
        var found = this._row && call_python('element', this._table, this._row.sys_id, String(path));
        return found ? new GlideElement(found.value, found.display) : null;
    },
    getValue: function (field) {
        var value = this._row && this._row[field];
        return value === undefined || value === '' ? null : value;
    },
    getDisplayValue: function (field) {
        var element = this.getElement(field);
        return element === null ? null : element.getDisplayValue();
    },
    setValue: function (field, value) {
        this._changes[field] = String(value);
    },
    insert: function () {
        return this._written(call_python('insert', this._table, this._changes));
    },
    update: function () {
        return this._written(call_python('update', this._table, this._row.sys_id, this._changes));
    },
    _written: function (row) {
        this._row = row;
        this._changes = {};
        return row.sys_id;
    }
};

function GlideDateTime(value) {
    this._at = value ? Date.parse(String(value).replace(' ', 'T') + 'Z') : call_python('milliseconds');
}
GlideDateTime.prototype = {
    getNumericValue: function () {
        return this._at;
    },
    getValue: function () {
        return new Date(this._at).toISOString().slice(0, 19).replace('T', ' ');
    },
    addSeconds: function (seconds) {
        this._at += Number(seconds) * 1000;
    }
};
GlideDateTime.prototype.toString = GlideDateTime.prototype.getValue;

function CertificateEncryption() {
    return;
}
CertificateEncryption.prototype.generateMac = function (base64Key, algorithm, data) {
    return call_python('mac', String(base64Key), String(algorithm), String(data));
};

var sn_ws = {
    RESTMessageV2: function () {
        this._request = { method: 'get', url: '', headers: {}, body: '', timeout: 30000 };
    }
};
sn_ws.RESTMessageV2.prototype = {
    setEndpoint: function (url) {
        this._request.url = String(url);
    },
    setHttpMethod: function (method) {
        this._request.method = String(method);
    },
    setRequestHeader: function (name, value) {
        this._request.headers[name] = String(value);
    },
    setRequestBody: function (body) {
        this._request.body = String(body);
    },
    setHttpTimeout: function (milliseconds) {
        this._request.timeout = milliseconds;
    },
    execute: function () {
        var answer = call_python('send', this._request);
        return {
            getStatusCode: function () {
                return answer.status;
            },
            getBody: function () {
                return answer.body;
            },
            getHeader: function (name) {
                return answer.headers[String(name).toLowerCase()] || null;
            },
            haveError: function () {
                return answer.error !== '';
            },
            getErrorMessage: function () {
                return answer.error;
            }
        };
    }
};

function recordOf(table, row) {
    var record = new GlideRecord(table);
    record._row = row;
    return record;
}
