"""One network of several engines, made of cometbft's own files."""
import json
import re
import subprocess

from harness import Failed, Network, Node, configure, free_ports, tandem_program, wait
from stock import cometbft_program


def mixed_network(engines, followers=2, **keys):
    """`engines`: the program of each node. The last of them have no power. `keys` of config.toml."""
    network = Network()
    folder = network.folder / "net"
    validators = len(engines) - followers
    subprocess.run([cometbft_program() or tandem_program(), "testnet", "--v", str(validators), "--n",
                    str(followers), "--o", str(folder), "--hostname-prefix", "127.0.0.1"],
                   check=True, stdout=subprocess.DEVNULL)
    first = free_ports(2 * len(engines) + 20)
    network.spare_ports = range(first + 2 * len(engines), first + 2 * len(engines) + 20)
    homes = [folder / f"node{i}" for i in range(len(engines))]
    ids = [subprocess.run([tandem_program(), "show-node-id", "--home", str(home)], check=True,
                          capture_output=True, text=True).stdout.strip() for home in homes]
    peers = ",".join(f"{node_id}@127.0.0.1:{first + 2 * i}" for i, node_id in enumerate(ids))
    for i, (home, program) in enumerate(zip(homes, engines)):
        configure(home, **{"proxy_app": '"kvstore"', "persistent_peers": f'"{peers}"',
                           "allow_duplicate_ip": "true", "addr_book_strict": "false",
                           "timeout_commit": '"200ms"', "pprof_laddr": '""'} | keys)
        path = home / "config/config.toml"
        text = path.read_text()
        text = re.sub(r'^laddr = "tcp://127.0.0.1:26657"', f'laddr = "tcp://127.0.0.1:{first + 2 * i + 1}"',
                      text, flags=re.M)
        text = re.sub(r'^laddr = "tcp://0.0.0.0:26656"', f'laddr = "tcp://127.0.0.1:{first + 2 * i}"',
                      text, flags=re.M)
        path.write_text(text)
        name = f"{'tandem' if program == tandem_program() else 'cometbft'}-{i}"
        network.nodes.append(Node(name, home, first + 2 * i + 1,
                                  [program, "start", "--home", str(home)]))
    return network


def expect_equal(network, lowest=1, nodes=None):
    """Blocks, application hashes and validator sets are the same everywhere, at every height."""
    height = network.expect_one_chain()
    nodes = nodes or network.running()
    for at in range(lowest, height + 1):
        seen = {json.dumps([wait(f"{node.name} has block {at}", lambda: node.block_hash(at)),
                            node.app_hash(at), wait("validators", lambda: node.validators(at))])
                for node in nodes}
        if len(seen) != 1:
            raise Failed(f"nodes differ at height {at}: {seen}")
    return height
