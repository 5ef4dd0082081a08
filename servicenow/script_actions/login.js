(function () {
    var client = new BrokerClient();
    var userName = String(event.parm1 || '');
    if (!client.ignoresLoginOf(userName)) {
        client.postLogin(userName, event.sys_created_on);
    }
})();
