"""The older half of the official package: credentials that hold their fields, and the providers that give them.

Nothing else in this package imports it before a program does. Programs reach each module by its public name
(``aliyun_cred.credentials``, ``aliyun_cred.providers``, ``aliyun_cred.utils.*``), which stands for the very same module
object: patching an attribute there changes what the code here sees. So each module takes on that name, for the sake of
pickles, of ``__module__`` and of error texts.
"""
