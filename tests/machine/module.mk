# The session machine on a scripted transport.
