(function executeRule(current, previous /*null when async*/) {
    new BrokerClient().postCancellation(current);
})(current, previous);
