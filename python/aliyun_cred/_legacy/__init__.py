"""The older half of the official package: credentials that hold their fields, and the providers that return them.

Importing the client does not import this package. Programs import each module by its public name
(``aliyun_cred.credentials``, ``aliyun_cred.providers``, ``aliyun_cred.utils.*``), which refers to the same module
object, so that patching an attribute there takes effect here. Each module sets ``__name__`` to that public name, which
pickles, ``__module__`` and error texts then show.
"""
