/* For an operator: posts one approved item again, by hand. The broker knows it when it has it already. */
(function () {
    var NUMBER = 'RITM0000000';
    var item = new GlideRecord('sc_req_item');
    if (!item.get('number', NUMBER)) {
        gs.error('Request Broker: there is no requested item ' + NUMBER);
        return;
    }
    new BrokerClient().announce('order', item);
})();
