# The unit tests of src/proxy.
