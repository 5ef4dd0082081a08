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
    initialize: function () {
        this._row = null;
        this._changes = {};
    },
    newRecord: function () {
        this.initialize();
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
        var set = this._changes.hasOwnProperty(field) ? this._changes : this._row;
        var value = set && set[field];
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
        if (!row) {
            return null;
        }
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
        this._request = {
            method: 'get', url: '', headers: {}, body: '', timeout: 30000, mid: '', correlator: '', parameters: {}
        };
        this._query = [];
        this._values = {};
    }
};
sn_ws.RESTMessageV2.prototype = {
    setEndpoint: function (url) {
        this._request.url = String(url);
    },
    getEndpoint: function () {
        return this._complete().url;
    },
    setHttpMethod: function (method) {
        this._request.method = String(method);
    },
    setRequestHeader: function (name, value) {
        this._request.headers[name] = String(value);
    },
    getRequestHeaders: function () {
        return this._request.headers;
    },
    setQueryParameter: function (name, value) {
        this._query.push(encodeURIComponent(name) + '=' + encodeURIComponent(value));
    },
    setStringParameter: function (name, value) {
        this._values[name] = String(value);
    },
    setStringParameterNoEscape: function (name, value) {
        this._values[name] = String(value);
    },
    setRequestBody: function (body) {
        this._request.body = String(body);
    },
    getRequestBody: function () {
        return this._complete().body;
    },
    setBasicAuth: function (user, password) {
        this.setRequestHeader('Authorization', 'Basic ' + gs.base64Encode(user + ':' + password));
    },
    setAuthenticationProfile: function (type) {
        this._profile = String(type);
    },
    setRequestorProfile: function () {
        return;
    },
    setLogLevel: function () {
        return;
    },
    setHttpTimeout: function (milliseconds) {
        this._request.timeout = milliseconds;
    },
    setMIDServer: function (name) {
        this._request.mid = String(name);
    },
    setEccCorrelator: function (id) {
        this._request.correlator = String(id);
    },
    setEccParameter: function (name, value) {
        this._request.parameters[name] = String(value);
    },
    execute: function () {
        if (this._request.mid !== '') {
            return this.executeAsync();
        }
        return restAnswerOf(call_python('send', this._complete()));
    },
    executeAsync: function () {
        var request = this._complete();
        if (request.mid !== '' && this._profile === 'oauth2') {
            throw new Error('OAuth 2.0 is not supported through a MID Server');
        }
        return restAnswerLater(call_python('send_later', request));
    },
    /* `${name}` is a variable of the message, in its endpoint and its body; an unknown one is nothing (KB1442596). */
    _complete: function () {
        var values = this._values;
        function filled(text) {
            return !call_python('switch', 'variables_filled_in') ? text : text.replace(/\$\{([^}]*)\}/g, function (whole, name) {
                return values[name] === undefined ? '' : values[name];
            });
        }
        var made = {};
        for (var key in this._request) {
            made[key] = this._request[key];
        }
        made.url = filled(made.url);
        made.body = filled(made.body);
        if (this._query.length > 0) {
            made.url += (made.url.indexOf('?') < 0 ? '?' : '&') + this._query.join('&');
        }
        return made;
    }
};

function restAnswerOf(answer) {
    return restAnswerLater(null, answer);
}

/* The response to a queued call: whoever reads it waits, as long as the platform lets anybody wait. */
function restAnswerLater(probe, known) {
    var answer = known || null;
    var told = 'No response for ECC message request with sys_id=' + probe + ' in ECC queue';
    function read() {
        if (answer === null) {
            answer = call_python('wait', probe, 300) || { status: 0, body: '', headers: {}, error: told };
        }
        return answer;
    }
    return {
        waitForResponse: function (seconds) {
            answer = answer || call_python('wait', probe, Number(seconds)) || null;
            if (answer === null) {
                throw new Error(told);
            }
        },
        getStatusCode: function () {
            return read().status;
        },
        getBody: function () {
            return read().body;
        },
        getHeader: function (name) {
            return read().headers[String(name).toLowerCase()] || null;
        },
        getHeaders: function () {
            return read().headers;
        },
        getAllHeaders: function () {
            var all = [];
            for (var name in read().headers) {
                all.push({ name: name, value: read().headers[name] });
            }
            return all;
        },
        haveError: function () {
            return read().error !== '';
        },
        getErrorCode: function () {
            return read().error === '' ? 0 : 1;
        },
        getErrorMessage: function () {
            return read().error;
        },
        getEccQueue: function () {
            return probe;
        }
    };
}

function XMLDocument2() {
    this._text = '';
}
XMLDocument2.prototype = {
    parseXML: function (text) {
        this._text = String(text);
        return this.isValid();
    },
    isValid: function () {
        return call_python('xml_valid', this._text);
    },
    getNodeText: function (path) {
        return call_python('xml_text', this._text, String(path));
    }
};

function recordOf(table, row) {
    var record = new GlideRecord(table);
    record._row = row;
    return record;
}
