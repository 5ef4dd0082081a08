"""The main job, walked from end to end by a program instead of people.

Every step is an HTTP request as a person's browser or ServiceNow would make it, and its effect
is read back from the other system. So nothing here imports the product, its sandbox or the rest
of the command line: what holds here holds for whoever looks from outside.
"""
