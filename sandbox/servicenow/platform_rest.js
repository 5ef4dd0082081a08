/* What a Scripted REST script is given: request, response and sn_ws_err, over what came in. ES5. */
function restRequest(given) {
    var taken = '';
    var body = {};
    function once(name, read) {
        Object.defineProperty(body, name, {
            get: function () {
                if (taken !== '' && taken !== name && call_python('switch', 'scripted_bodies_read_once')) {
                    throw new Error('The body has been read already, as ' + taken);
                }
                taken = name;
                return read();
            }
        });
    }
    once('data', function () {
        return JSON.parse(given.dataString);
    });
    once('dataString', function () {
        return given.dataString;
    });
    once('dataStream', function () {
        return { _text: given.dataString };
    });
    return {
        pathParams: given.pathParams,
        queryParams: given.queryParams,
        queryString: given.queryString,
        headers: given.headers,
        url: given.url,
        uri: given.uri,
        body: body,
        getHeader: function (name) {
            var value = given.headers[String(name).toLowerCase()];
            return value === undefined ? null : value;
        },
        getSupportedResponseContentTypes: function () {
            return ['application/json'];
        }
    };
}

function restResponse() {
    var told = { status: 200, headers: {}, contentType: '', hasBody: false, body: null, written: null, error: null };
    return {
        _told: told,
        setStatus: function (status) {
            told.status = Number(status);
        },
        setHeader: function (name, value) {
            told.headers[name] = String(value);
        },
        setHeaders: function (headers) {
            for (var name in headers) {
                told.headers[name] = String(headers[name]);
            }
        },
        setContentType: function (type) {
            told.contentType = String(type);
        },
        setLocation: function (address) {
            told.headers.Location = String(address);
        },
        setBody: function (body) {
            told.hasBody = true;
            told.body = body;
        },
        setError: function (error) {
            told.error = { status: error._status, message: error._message, detail: error._detail };
        },
        getStreamWriter: function () {
            told.written = '';
            return {
                writeString: function (text) {
                    told.written += String(text);
                }
            };
        }
    };
}

var sn_ws_err = (function () {
    function kind(status, usual) {
        function RestError(message) {
            this._status = status;
            this._message = message === undefined ? usual : String(message);
            this._detail = '';
        }
        RestError.prototype = {
            setStatus: function (given) {
                this._status = Number(given);
            },
            setMessage: function (message) {
                this._message = String(message);
            },
            setDetail: function (detail) {
                this._detail = String(detail);
            }
        };
        return RestError;
    }
    return {
        BadRequestError: kind(400, 'Bad Request'),
        NotFoundError: kind(404, 'Not Found'),
        NotAcceptableError: kind(406, 'Not Acceptable'),
        ConflictError: kind(409, 'Conflict'),
        UnsupportedMediaTypeError: kind(415, 'Unsupported Media Type'),
        ServiceError: kind(500, 'Service Error')
    };
}());

/* A script may return its answer or its error, or throw the error; what else it throws is a fault of its own. */
function restAnswer(script) {
    var returned;
    try {
        returned = (0, eval)(script);
    } catch (thrown) {
        if (!isRestError(thrown)) {
            throw thrown;
        }
        returned = thrown;
    }
    if (isRestError(returned)) {
        response.setError(returned);
    } else if (returned !== undefined && !response._told.hasBody) {
        response.setBody(returned);
    }
    return response._told;
}

function isRestError(value) {
    return value !== null && value !== undefined && value._status !== undefined;
}
