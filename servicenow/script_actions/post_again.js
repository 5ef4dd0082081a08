(function () {
    var told = String(event.parm1 || '').split(':');
    var item = new GlideRecord('sc_req_item');
    if (item.get(told[1])) {
        new BrokerClient().announce(told[0], item, Number(event.parm2));
    }
})();
