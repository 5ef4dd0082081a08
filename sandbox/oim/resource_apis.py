"""Every resource of the APIs besides `/requests`."""

from __future__ import annotations

from sandbox.oim.accounts_api import accounts_api
from sandbox.oim.catalog_api import catalog_api
from sandbox.oim.entitlements_api import entitlements_api
from sandbox.oim.provtasks_api import provtasks_api
from sandbox.oim.proxies_api import proxies_api
from sandbox.oim.roles_api import roles_api
from sandbox.oim.scim_api import old_scim_api, scim_api
from sandbox.oim.users_api import users_api
from sandbox.oim.violations_api import violations_api

RESOURCE_APIS = (
    users_api, proxies_api, roles_api, accounts_api, entitlements_api, catalog_api,
    provtasks_api, violations_api, scim_api, old_scim_api,
)  # fmt: skip
