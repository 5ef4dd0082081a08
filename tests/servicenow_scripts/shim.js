/* Just enough of the platform to run BrokerClient.js alone; `host` differs from engine to engine. */
var Class = {
    create: function () {
        return function () { this.initialize.apply(this, arguments); };
    }
};
var gs = {
    getProperty: function (name, fallback) {
        return PROPERTIES.hasOwnProperty(name) ? PROPERTIES[name] : fallback;
    }
};
function CertificateEncryption() { return; }
CertificateEncryption.prototype.generateMac = function (key, algorithm, data) {
    return String(hostMac(key, algorithm, data));
};
