# The unit tests of src/tls.
