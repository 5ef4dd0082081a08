(function executeRule(current, previous /*null when async*/) {
    new BrokerClient().postOrder(current);
})(current, previous);
