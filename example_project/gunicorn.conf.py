"""How gunicorn serves the shop."""

workers = 2
# Newer versions put a socket into the home directory.
control_socket_disable = True
