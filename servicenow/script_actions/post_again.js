(function () {
    new BrokerClient().announceAgain(String(event.parm1 || ''), String(event.parm2 || ''));
})();
