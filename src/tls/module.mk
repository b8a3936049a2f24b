# The files of src/tls.
