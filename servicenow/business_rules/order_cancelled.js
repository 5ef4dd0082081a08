(function executeRule(current, previous /*null when async*/) {
    new BrokerClient().announce('cancellation', current, 0);
})(current, previous);
