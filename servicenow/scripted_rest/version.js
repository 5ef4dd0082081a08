(function process(/*RESTAPIRequest*/ request, /*RESTAPIResponse*/ response) {
    var client = new BrokerClient();
    return { scope: client.SCOPE, version: client.VERSION };
})(request, response);
