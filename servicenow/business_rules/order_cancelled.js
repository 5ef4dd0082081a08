(function executeRule(current, previous /*null when async*/) {
    new BrokerClient().announce('cancellation', current);
})(current, previous);
