#!/usr/bin/env python3
"""Seats whose applications are processes of their own: CometBFT's example kvstore, one beside each
node. A seat fails over; an application dies, its node says so and ends, and both come back; another
hangs, and its node ends nevertheless when it is asked to."""
from harness import LIMIT_SECONDS, Failed, configure, seats_network, wait
from stock import Application, run_with_cometbft
from torment import Load, Torment

BROKEN = 70  # docs/exit-codes.md


def give_each_an_application(network):
    """Every second one by a socket in the file system."""
    applications = []
    for index, (node, port) in enumerate(zip(network.nodes, network.spare_ports)):
        address = f"unix://{node.home}/app.sock" if index % 2 else f"tcp://127.0.0.1:{port}"
        applications.append(Application(address, node.home / "application"))
        applications[-1].start()
        configure(node.home, proxy_app=f'"{address}"')
    return applications


def come_back(network, node, application):
    application.start()
    node.start()
    top = network["org2-1"].height()
    wait("the node and its application in step", lambda: node.height() >= top)


def run(network, applications):
    torment = Torment(network)
    network.start_all()
    network.wait_for_height(5)
    torment.loads = [Load(seat, torment.members(seat)) for seat in (1, 2)]
    torment.fails_over(1, torment.kill)

    node, application = network["org3-2"], applications[network.nodes.index(network["org3-2"])]
    application.kill()
    code = node.process.wait(LIMIT_SECONDS)
    node.process = None
    if code != BROKEN or not node.said(f"the application at {application.address}"):
        raise Failed(f"{node.name} lost its application and ended with {code}")
    come_back(network, node, application)

    application.freeze()
    wait(f"{node.name} to wait for its application", lambda: node.height(timeout=1) == 0)
    code = node.stop()
    if code != BROKEN or not node.said("an application that does not answer"):
        raise Failed(f"{node.name}, whose application hangs, was asked to stop and ended with {code}")
    application.kill()
    come_back(network, node, application)

    for load in torment.loads:
        load.stop()
    torment.check()
    torment.no_evidence()
    print(f"{sum(len(load.written) for load in torment.loads)} writes, none lost")


def main():
    with seats_network(timeout_commit="100ms", timeout_propose="500ms") as network:
        applications = give_each_an_application(network)
        try:
            run(network, applications)
        finally:
            for application in applications:
                application.kill()


if __name__ == "__main__":
    run_with_cometbft(main)
