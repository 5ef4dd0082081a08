/**
 * Signs and posts to the Request Broker: an approved order, that one was cancelled, or that somebody signed in.
 *
 * Signature: Standard Webhooks, version 1. The body is pure ASCII, so that the bytes that are signed are
 * the bytes that are sent, whatever encoding the platform uses; `$` is escaped too, because the platform
 * takes `${...}` in a body for a variable.
 *
 * Orders and cancellations are announcements: each has a row that waits until the broker has answered, at
 * once or, through a MID Server, some time later as a reply in the ECC queue.
 */
var BrokerClient = Class.create();
BrokerClient.prototype = {
    SCOPE: 'x_rqbrk_access',
    VERSION: '1.0.0',
    ANNOUNCEMENTS: 'x_rqbrk_access_announcement',
    CORRELATOR: 'rqbrk_',
    TIMEOUT_MS: 10000,
    AGAIN: 'post_again',
    TRIES: 30,
    LONGEST_PAUSE_SECONDS: 3600,
    STALE_SECONDS: 240,

    initialize: function () {
        this.source = this._property('source');
        this.mid = this._property('mid_server').trim();
    },

    /**
     * Announces that an item was approved ('order') or cancelled ('cancellation'). Whom the broker could not
     * hear, or never answered, is announced again: after some seconds, then ever more rarely, for a day. What
     * the broker has refused is not: it would refuse it again.
     */
    announce: function (what, item) {
        var row = new GlideRecord(this.ANNOUNCEMENTS);
        row.initialize();
        row.setValue('what', what);
        row.setValue('item', item.getUniqueValue());
        row.setValue('number', item.getValue('number'));
        row.setValue('state', 'waiting');
        row.setValue('tries', 0);
        row.insert();
        this._tell(row, item);
    },

    /** Announces once more what still waits, unless a later call to wake up has taken this one's place. */
    announceAgain: function (key, wake) {
        var row = new GlideRecord(this.ANNOUNCEMENTS);
        if (!row.get(key) || row.getValue('state') !== 'waiting' || row.getValue('wake') !== wake) {
            return;
        }
        var item = new GlideRecord('sc_req_item');
        if (!this._givesUp(row) && item.get(row.getValue('item'))) {
            this._tell(row, item);
        }
    },

    /** What a MID Server brought back: an input row of the ECC queue that answers an announcement. */
    answered: function (reply) {
        var row = new GlideRecord(this.ANNOUNCEMENTS);
        var correlator = reply.getValue('agent_correlator') || '';
        if (row.get(correlator.slice(this.CORRELATOR.length))) {
            this._settle(row, this._judge(this._readReply(reply), this._subject(row), this._sentAt(reply, row)));
        }
    },

    /** Posts that a user signed in, at a time in the platform's format (UTC). Nobody waits for the answer. */
    postLogin: function (userName, at) {
        var body = { source: this.source, user_name: userName, occurred_at: this._isoTime(at) };
        this._post('events', '/api/v1/events/login', body, 'login of ' + userName, '');
    },

    /** What the broker is told of a cancellation. */
    cancellationBody: function (item) {
        return {
            source: this.source,
            item: { number: item.getValue('number'), sys_id: item.getUniqueValue() },
            event: 'cancelled'
        };
    },

    /** Users whose sign-ins are of no interest: the broker's own, or it would wake itself up. */
    ignoresLoginOf: function (userName) {
        return userName === '' || this._lists('integration_users', userName);
    },

    /** What the broker is told of an order. What the item stands for is the broker's business. */
    orderBody: function (item) {
        var answers = this._answers(item);
        var revokes = this._lists('revoking_items', item.getValue('cat_item'));
        return {
            source: this.source,
            request: this._request(item),
            item: { number: item.getValue('number'), sys_id: item.getUniqueValue() },
            task: this._task(item),
            action: revokes ? 'revoke' : 'grant',
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

    _subject: function (row) {
        return (row.getValue('what') === 'order' ? '' : 'cancellation of ') + row.getValue('number');
    },

    _tell: function (row, item) {
        var order = row.getValue('what') === 'order';
        row.setValue('tries', Number(row.getValue('tries') || 0) + 1);
        row.setValue('sent_at', new GlideDateTime().getValue());
        /* Should no answer ever come, neither now nor through the MID Server. */
        this._wakeIn(row, this._pause(row, Number(this._property('answer_seconds')) || 180));
        this._settle(row, order ?
            this._post('orders', '/api/v1/orders', this.orderBody(item), this._subject(row), row.getUniqueValue()) :
            this._post('events', '/api/v1/events/order', this.cancellationBody(item), this._subject(row), row.getUniqueValue()));
    },

    _settle: function (row, outcome) {
        if (outcome.state === 'queued' || row.getValue('state') === 'taken') {
            return;
        }
        row.setValue('answer', outcome.reason.slice(0, 1000));
        if (outcome.state === 'unheard') {
            this._announceLater(row);
            return;
        }
        row.setValue('state', outcome.state);
        row.update();
    },

    _announceLater: function (row) {
        if (!this._givesUp(row)) {
            this._wakeIn(row, this._pause(row, Number(this._property('post_again_seconds')) || 10));
        }
    },

    _givesUp: function (row) {
        var tries = Number(row.getValue('tries'));
        if (tries < this.TRIES) {
            return false;
        }
        row.setValue('state', 'given_up');
        row.update();
        gs.error('Request Broker: ' + this._subject(row) + ' is not announced again after ' + tries + ' tries');
        return true;
    },

    /* Twice as long after each try, up to an hour. */
    _pause: function (row, first) {
        var grown = first * Math.pow(2, Number(row.getValue('tries')) - 1);
        return Math.max(first, Math.min(grown, this.LONGEST_PAUSE_SECONDS));
    },

    /* Only the latest call to wake up counts: its name stands in the row. */
    _wakeIn: function (row, seconds) {
        var at = new GlideDateTime();
        var wake = gs.generateGUID();
        at.addSeconds(seconds);
        row.setValue('wake', wake);
        row.update();
        gs.eventQueueScheduled(this.SCOPE + '.' + this.AGAIN, row, row.getUniqueValue(), wake, at);
    },

    /* The outcome: taken, refused, unheard (worth another try), or queued for the MID Server. */
    _post: function (family, path, value, subject, key) {
        var url = this._property('broker_url');
        var reason = '';
        if (url === '') {
            reason = 'property ' + this.SCOPE + '.broker_url is empty';
            gs.error('Request Broker: ' + subject + ' was not sent, ' + reason);
            return { state: 'refused', reason: reason };
        }
        try {
            var message = this._message(family, url.replace(/\/+$/, '') + path, this.asciiJson(value));
            return this.mid === '' ? this._judge(this._read(message.execute()), subject, '') : this._queue(message, key);
        } catch (error) {
            gs.error('Request Broker: ' + subject + ' was not sent: ' + error);
            return { state: 'unheard', reason: String(error) };
        }
    },

    _message: function (family, url, body) {
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
        return message;
    },

    /* Through a MID Server there is no answer now: it comes as a row of the ECC queue, see `answered`. */
    _queue: function (message, key) {
        message.setMIDServer(this.mid);
        message.setEccParameter('skip_sensor', 'true');
        if (key !== '') {
            message.setEccCorrelator(this.CORRELATOR + key);
        }
        message.executeAsync();
        return { state: 'queued', reason: '' };
    },

    /* haveError() speaks of the transport only: an HTTP refusal shows in the status code alone. */
    _read: function (response) {
        return {
            status: Number(response.getStatusCode()),
            body: String(response.getBody() || ''),
            error: String(response.getErrorMessage() || '')
        };
    },

    /* The envelope of a reply: <results><result><output>…</output></result><parameters>…</parameters></results>. */
    _readReply: function (reply) {
        var payload = reply.getValue('payload') || '';
        var xml = new XMLDocument2();
        xml.parseXML(payload);
        var body = String(xml.getNodeText('//results/result/output') || '');
        var status = this._parameter(payload, 'http_status_code');
        return {
            status: status === '' ? this._statusIn(body) : Number(status),
            body: body,
            error: String(reply.getValue('error_string') || '')
        };
    },

    /* One <parameter name="…" value="…"/>, whatever the order of its attributes. */
    _parameter: function (payload, name) {
        var tags = payload.match(/<parameter\b[^>]*>/g) || [];
        for (var i = 0; i < tags.length; i += 1) {
            if (tags[i].indexOf('name="' + name + '"') >= 0) {
                var found = /value="([^"]*)"/.exec(tags[i]);
                return found === null ? '' : found[1];
            }
        }
        return '';
    },

    /* A MID Server that tells no status: the broker's own answers say what they are, others nothing. */
    _statusIn: function (body) {
        try {
            var told = JSON.parse(body);
            return told.order_id || told.state === 'accepted' ? 202 : Number(told.status) || 0;
        } catch (error) {
            return 0;
        }
    },

    /* When the post that this answers was signed: a later one may be under way by now. */
    _sentAt: function (reply, row) {
        var probe = new GlideRecord('ecc_queue');
        return probe.get(reply.getValue('response_to') || '') ? probe.getValue('sys_created_on') : row.getValue('sent_at');
    },

    _judge: function (answer, subject, sentAt) {
        if (answer.status >= 200 && answer.status < 300) {
            gs.info('Request Broker: ' + subject + ' was taken (HTTP ' + answer.status + ')');
            return { state: 'taken', reason: 'HTTP ' + answer.status };
        }
        var reason = this._reason(answer);
        gs.error('Request Broker: ' + subject + ' was not taken: ' + reason);
        return { state: this._isWorthAnotherTry(answer.status, sentAt) ? 'unheard' : 'refused', reason: reason };
    },

    /* A signature is good for five minutes. What a MID Server kept for longer is refused, and signed anew. */
    _isWorthAnotherTry: function (status, sentAt) {
        if (status === 0 || status === 429 || status >= 500) {
            return true;
        }
        if (status !== 401 || !sentAt) {
            return false;
        }
        var age = Number(new GlideDateTime().getNumericValue()) - Number(new GlideDateTime(sentAt).getNumericValue());
        return age > this.STALE_SECONDS * 1000;
    },

    _reason: function (answer) {
        if (answer.status === 0) {
            return 'no answer (' + answer.error + ')';
        }
        return 'HTTP ' + answer.status + ' ' + answer.body.slice(0, 300);
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

    /* Whether a property that is a list, separated by commas, has this value. */
    _lists: function (name, value) {
        var listed = this._property(name).split(',');
        for (var i = 0; i < listed.length; i += 1) {
            if (listed[i].trim() !== '' && listed[i].trim() === value) {
                return true;
            }
        }
        return false;
    },

    _property: function (name) {
        return String(gs.getProperty(this.SCOPE + '.' + name, ''));
    },

    type: 'BrokerClient'
};
