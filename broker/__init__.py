"""The product: access requests and orders, between an IGA and a service desk."""
