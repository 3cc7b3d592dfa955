"""Serves moto on a free loopback port, prints the port, and ends when standard input does.

Standard input is a pipe that the test process holds: however that process ends, this one ends with it.
"""

import logging
import sys

from moto.server import ThreadedMotoServer
from moto.sns.models import SNSBackend, Topic


def subscriptions_of(backend, topic):
    """Of a copy: while one request looks through all subscriptions, another may add one."""
    return [subscription for subscription in list(backend.subscriptions.values()) if subscription.topic == topic]


def count_subscriptions(are_by_email):
    """AWS confirms subscriptions of queues and functions itself, those by e-mail wait for a person; moto leaves both counts at zero."""

    def count(topic):
        mine = subscriptions_of(topic.sns_backend, topic)
        return sum(subscription.protocol.startswith("email") == are_by_email for subscription in mine)

    return property(count, lambda topic, zero: None)


SNSBackend._get_topic_subscriptions = subscriptions_of
Topic.subscriptions_confimed = count_subscriptions(are_by_email=False)  # moto's spelling
Topic.subscriptions_pending = count_subscriptions(are_by_email=True)

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdout = sys.stderr  # nobody reads the pipe after the port
sys.stdin.read()
