/**
 * Signs and posts to the Request Broker: an approved order, that one was cancelled, or that somebody signed in.
 *
 * Signature: Standard Webhooks, version 1. The body is pure ASCII, so that the bytes that are signed are
 * the bytes that are sent, whatever encoding the platform uses; `$` is escaped too, because the platform
 * takes `${...}` in a body for a variable.
 */
var BrokerClient = Class.create();
BrokerClient.prototype = {
    SCOPE: 'x_rqbrk_access',
    VERSION: '1.0.0',
    TIMEOUT_MS: 10000,
    AGAIN: 'post_again',
    TRIES: 30,
    LONGEST_PAUSE_SECONDS: 3600,

    initialize: function () {
        this.source = this._property('source');
        this._unheard = false;
    },

    /**
     * Posts that an item was approved ('order') or cancelled ('cancellation'). Whom the broker could not
     * hear is announced again: after some seconds, then ever more rarely, for a day. What the broker has
     * refused is not: it would refuse it again.
     */
    announce: function (what, item, tries) {
        var taken = what === 'order' ? this.postOrder(item) : this.postCancellation(item);
        if (!taken && this._unheard) {
            this._announceLater(what, item, tries + 1);
        }
    },

    /** Posts one approved requested item. True when the broker has taken it. */
    postOrder: function (item) {
        return this._post('orders', '/api/v1/orders', this.orderBody(item), item.getValue('number'));
    },

    /** Posts that a requested item was cancelled. True when the broker has taken it. */
    postCancellation: function (item) {
        var body = {
            source: this.source,
            item: { number: item.getValue('number'), sys_id: item.getUniqueValue() },
            event: 'cancelled'
        };
        return this._post('events', '/api/v1/events/order', body, 'cancellation of ' + item.getValue('number'));
    },

    /** Posts that a user signed in, at a time in the platform's format (UTC). True when taken. */
    postLogin: function (userName, at) {
        var body = { source: this.source, user_name: userName, occurred_at: this._isoTime(at) };
        return this._post('events', '/api/v1/events/login', body, 'login of ' + userName);
    },

    /** Users whose sign-ins are of no interest: the broker's own, or it would wake itself up. */
    ignoresLoginOf: function (userName) {
        var ignored = this._property('integration_users').split(',');
        for (var i = 0; i < ignored.length; i += 1) {
            if (ignored[i].trim() === userName) {
                return true;
            }
        }
        return userName === '';
    },

    /** What the broker is told of an order. What the item stands for is the broker's business. */
    orderBody: function (item) {
        var answers = this._answers(item);
        return {
            source: this.source,
            request: this._request(item),
            item: { number: item.getValue('number'), sys_id: item.getUniqueValue() },
            task: this._task(item),
            action: 'grant',
            beneficiary: { user_name: this._element(item, 'requested_for.user_name') },
            requested_by: this._user(item, 'opened_by.user_name'),
            approved_by: this._approvers(item),
            justification: this._justification(item, answers),
            start_date: this._date(answers.start_date),
            end_date: this._date(answers.end_date)
        };
    },

    /** The headers that prove who sent the body. */
    signedHeaders: function (family, id, timestamp, body) {
        var key = this._property(family + '_secret').replace(/^whsec_/, '');
        var mac = new CertificateEncryption().generateMac(key, 'HmacSHA256', id + '.' + timestamp + '.' + body);
        return {
            'Content-Type': 'application/json',
            'Accept': 'application/json',
            'X-Broker-Client': this._property('client'),
            'webhook-id': id,
            'webhook-timestamp': timestamp,
            'webhook-signature': 'v1,' + mac
        };
    },

    /** JSON in ASCII only, and without a dollar sign. */
    asciiJson: function (value) {
        return JSON.stringify(value).replace(/[$\u007f-\uffff]/g, function (character) {
            return '\\u' + ('0000' + character.charCodeAt(0).toString(16)).slice(-4);
        });
    },

    _announceLater: function (what, item, tries) {
        if (tries >= this.TRIES) {
            gs.error('Request Broker: ' + item.getValue('number') + ' is not announced again after ' + tries + ' tries');
            return;
        }
        var first = Number(this._property('post_again_seconds')) || 10;
        var at = new GlideDateTime();
        at.addSeconds(Math.min(first * Math.pow(2, tries - 1), this.LONGEST_PAUSE_SECONDS));
        gs.eventQueueScheduled(this.SCOPE + '.' + this.AGAIN, item, what + ':' + item.getUniqueValue(), String(tries), at);
    },

    _post: function (family, path, value, subject) {
        var url = this._property('broker_url');
        this._unheard = false;
        if (url === '') {
            gs.error('Request Broker: ' + subject + ' was not sent, property ' + this.SCOPE + '.broker_url is empty');
            return false;
        }
        try {
            return this._judge(this._send(family, url.replace(/\/+$/, '') + path, this.asciiJson(value)), subject);
        } catch (error) {
            gs.error('Request Broker: ' + subject + ' was not sent: ' + error);
            return false;
        }
    },

    _send: function (family, url, body) {
        var timestamp = String(Math.floor(Number(new GlideDateTime().getNumericValue()) / 1000));
        var headers = this.signedHeaders(family, 'msg_' + gs.generateGUID(), timestamp, body);
        var message = new sn_ws.RESTMessageV2();
        message.setEndpoint(url);
        message.setHttpMethod('post');
        message.setHttpTimeout(this.TIMEOUT_MS);
        for (var name in headers) {
            if (headers.hasOwnProperty(name)) {
                message.setRequestHeader(name, headers[name]);
            }
        }
        message.setRequestBody(body);
        return message.execute();
    },

    /* haveError() speaks of the transport only: an HTTP refusal shows in the status code alone. */
    _judge: function (response, subject) {
        var status = Number(response.getStatusCode());
        if (status >= 200 && status < 300) {
            gs.info('Request Broker: ' + subject + ' was taken (HTTP ' + status + ')');
            return true;
        }
        this._unheard = status === 0 || status === 429 || status >= 500;
        gs.error('Request Broker: ' + subject + ' was not taken: ' + this._reason(status, response));
        return false;
    },

    _reason: function (status, response) {
        if (status === 0) {
            return 'no answer (' + response.getErrorMessage() + ')';
        }
        return 'HTTP ' + status + ' ' + String(response.getBody() || '').slice(0, 300);
    },

    _request: function (item) {
        var key = this._element(item, 'request');
        return key === '' ? null : { number: this._element(item, 'request.number'), sys_id: key };
    },

    _user: function (item, path) {
        var userName = this._element(item, path);
        return userName === '' ? null : { user_name: userName };
    },

    /* A date variable is a day, or a day and a time, both in UTC. What else somebody answered is sent
       as it is: the broker then refuses the order and says why. */
    _date: function (answer) {
        if (!answer) {
            return null;
        }
        if (/^\d{4}-\d{2}-\d{2}$/.test(answer)) {
            return answer + 'T00:00:00Z';
        }
        return /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(answer) ? this._isoTime(answer) : answer;
    },

    _task: function (item) {
        var task = new GlideRecord('sc_task');
        task.addQuery('request_item', item.getUniqueValue());
        task.orderBy('number');
        task.setLimit(1);
        task.query();
        if (!task.next()) {
            return null;
        }
        return { number: task.getValue('number'), sys_id: task.getUniqueValue() };
    },

    _approvers: function (item) {
        var approvers = [];
        var approval = new GlideRecord('sysapproval_approver');
        approval.addQuery('sysapproval', item.getUniqueValue());
        approval.addQuery('state', 'approved');
        approval.orderBy('sys_updated_on');
        approval.query();
        while (approval.next()) {
            approvers.push({
                user_name: this._element(approval, 'approver.user_name'),
                at: this._isoTime(approval.getValue('sys_updated_on'))
            });
        }
        return approvers;
    },

    /* The answers to the catalogue item's questions, by the variable's name. */
    _answers: function (item) {
        var answers = {};
        var option = new GlideRecord('sc_item_option_mtom');
        option.addQuery('request_item', item.getUniqueValue());
        option.query();
        while (option.next()) {
            answers[this._element(option, 'sc_item_option.item_option_new.name')] =
                this._element(option, 'sc_item_option.value');
        }
        return answers;
    },

    _justification: function (item, answers) {
        return answers.justification || item.getValue('description') || item.getValue('short_description') || '';
    },

    _element: function (record, path) {
        var element = record.getElement(path);
        return element === null ? '' : String(element);
    },

    _isoTime: function (at) {
        return String(at).replace(' ', 'T') + 'Z';
    },

    _property: function (name) {
        return String(gs.getProperty(this.SCOPE + '.' + name, ''));
    },

    type: 'BrokerClient'
};
