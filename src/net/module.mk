# The files of src/net.
