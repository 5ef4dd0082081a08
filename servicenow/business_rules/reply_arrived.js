(function executeRule(current, previous /*null when async*/) {
    new BrokerClient().answered(current);
})(current, previous);
