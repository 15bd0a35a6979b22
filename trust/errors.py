"""Why something is not trusted."""


class TrustError(Exception):
    """Root of every refusal of this package; the message is a sentence for people."""


class Malformed(TrustError):
    """The bytes are not what their format says they must be."""


class Untrusted(TrustError):
    """Well-formed, but not signed by a key that is trusted, or not what was signed."""
