# The files of src/proxy.
