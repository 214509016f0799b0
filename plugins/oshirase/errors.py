"""Errors that a person meets: each message says what is wrong, where, and what to do."""


class OshiraseError(Exception):
    """Something that a person can mend; the message is one clear sentence, shown without a traceback."""


class MissingSetting(OshiraseError):
    """An environment variable or a settings key is not there."""


class UnsafeConnection(MissingSetting):
    """A connection lacks what makes it safe: encryption, or a way to tell its peer from another."""


class DatabaseUnreachable(OshiraseError):
    """The records database does not answer."""


class SchemaMismatch(OshiraseError):
    """The records database has another schema than this version of the package needs."""


class BadSettings(OshiraseError):
    """A settings file says something that cannot be meant."""


class UnknownCampaign(OshiraseError):
    """No settings file has this campaign's name."""
