#!/usr/bin/env python3
"""Plants a clock, a thread, a file and more in pure archives and demands that check-symbols sees
each. The compiler is that of the build (environment variable CXX)."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).resolve().parent.parent / "check-symbols"
COMPILE = [os.environ.get("CXX", "g++"), "-std=c++20", "-O1", "-c", "-x", "c++", "-"]

# Harmless: what the real allow-list is for.
PURE = """
#include <map>
#include <string>
#include <vector>
std::map<std::string, std::vector<int>> planted_map;
int planted(const std::string& key) { return planted_map[key].emplace_back(7); }
"""


class CheckSymbols(unittest.TestCase):
    def run_check(self, graph="low 0 pure\n", allow=None, **sources):
        """Makes an archive of each source and checks them under the given link graph."""
        with tempfile.TemporaryDirectory() as folder:
            build = Path(folder)
            (build / "lib").mkdir()
            (build / "link-graph.txt").write_text(graph)
            for name, source in sources.items():
                item = build / f"{name}.cc.o"
                subprocess.run([*COMPILE, "-o", item], input=source, text=True, check=True)
                archive = build / "lib" / f"libtandem_{name}.a"
                subprocess.run(["ar", "qc", archive, item], check=True)
            options = []
            if allow is not None:
                (build / "allow").write_text(allow)
                options = ["--allow", build / "allow"]
            return subprocess.run([sys.executable, CHECK, "--build", build, *options],
                                  capture_output=True, text=True, check=False)

    def refused(self, symbol, **arguments):
        result = self.run_check(**arguments)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertRegex(result.stderr, f"low is pure but wants .*{symbol}.* \\(low.cc.o\\)")

    def accepted(self, **arguments):
        result = self.run_check(**arguments)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_accepts_containers_and_strings(self):
        self.accepted(low=PURE)

    def test_refuses_the_clocks(self):
        source = "#include <chrono>\nauto planted() {{ return std::chrono::{}::now(); }}\n"
        for clock in ("system_clock", "steady_clock"):
            self.refused(f"{clock}::now", low=source.format(clock))
        self.refused("clock_gettime", low="#include <time.h>\n"
                     "int planted(timespec* t) { return clock_gettime(CLOCK_REALTIME, t); }\n")
        self.refused("time", low="#include <ctime>\nauto planted() { return std::time(nullptr); }")
        self.refused("localtime", low="#include <ctime>\n"
                     "auto planted(const std::time_t* t) { return std::localtime(t); }\n")

    def test_refuses_a_thread(self):
        self.refused("std::thread::_M_start_thread", low="#include <thread>\n"
                     "void planted() { std::thread([] {}).detach(); }\n")
        self.refused("pthread_create", low="#include <pthread.h>\nint planted(pthread_t* t) "
                     "{ return pthread_create(t, nullptr, nullptr, nullptr); }\n")

    def test_refuses_files_and_sockets(self):
        self.refused("open", low="#include <fcntl.h>\nint planted() { return open(\"a\", 0); }\n")
        self.refused("write", low="#include <unistd.h>\n"
                     "auto planted() { return write(1, \"a\", 1); }\n")
        self.refused("basic_filebuf", low="#include <fstream>\n"
                     "void planted() { std::ofstream(\"a\") << 1; }\n")
        self.refused("socket", low="#include <sys/socket.h>\n"
                     "int planted() { return socket(AF_INET, SOCK_STREAM, 0); }\n")

    def test_refuses_dice(self):
        self.refused("std::random_device", low="#include <random>\n"
                     "auto planted() { return std::random_device{}(); }\n")
        self.refused("getrandom", low="#include <sys/random.h>\n"
                     "auto planted(void* to) { return getrandom(to, 1, 0); }\n")
        self.refused("rand", low="#include <cstdlib>\nint planted() { return std::rand(); }\n")

    def test_refuses_printing(self):
        self.refused("printf|puts|putchar", low="#include <cstdio>\n"
                     "void planted() { std::printf(\"a\\n\"); }\n")
        self.refused("std::cerr", low="#include <iostream>\nvoid planted() { std::cerr << 1; }\n")

    def test_names_the_object_that_wants_it(self):
        result = self.run_check(low="int rand(); int planted() { return rand(); }")
        self.assertIn("low.cc.o", result.stderr)

    def test_accepts_what_a_linked_library_defines(self):
        above = "int planted(); int above() { return planted(); }"
        below = "int planted() { return 7; }"
        self.accepted(graph="low 1 pure base\nbase 0 pure\n", low=above, base=below)
        self.accepted(graph="low 2 pure mid\nmid 1 pure base\nbase 0 pure\n",
                      low=above, mid="", base=below)
        self.refused("planted", graph="low 1 pure\nbase 0 pure\n", low=above, base=below)

    def test_leaves_impure_libraries_alone(self):
        self.accepted(graph="low 0 pure\nio 6 impure low\n", low=PURE,
                      io="#include <ctime>\nauto planted() { return std::time(nullptr); }\n")

    def test_sections_count_for_their_library_alone(self):
        source = 'extern "C" int crypto_thing(); int planted() { return crypto_thing(); }'
        self.accepted(allow="[all]\n_GLOBAL*\n[low]\n# why\ncrypto_*\n", low=source)
        self.refused("crypto_thing", allow="[other]\ncrypto_*\n", low=source)

    def test_a_pattern_fits_as_a_whole(self):
        source = 'extern "C" int crypto_thing(); int planted() { return crypto_thing(); }'
        self.refused("crypto_thing", allow="[all]\ncrypto_\nthing\n", low=source)

    def test_refuses_to_pass_without_archives(self):
        result = self.run_check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("libtandem_low.a: not there", result.stderr)
        self.assertEqual(self.run_check(graph="\n").returncode, 1)


if __name__ == "__main__":
    unittest.main()
