(function executeRule(current, previous /*null when async*/) {
    new BrokerClient().announce('order', current);
})(current, previous);
