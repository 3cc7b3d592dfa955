"""Serves moto on a free loopback port, prints the port, and ends when standard input does.

Standard input is a pipe that the test process holds: however that process ends, this one ends with it.
"""

import logging
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdout = sys.stderr  # nobody reads the pipe after the port
sys.stdin.read()
