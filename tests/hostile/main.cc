// Plays one attack of a peer against a node, and says whether the node reacted as it has to.
//
//     tandem-hostile --list
//     tandem-hostile ATTACK HOST:PORT CHAIN_ID [SECONDS]
//
// With SECONDS the attack is played again and again for so long, whatever the node does.
// 0: as it has to. 1: not so. 64: misuse.
#include <chrono>
#include <fmt/format.h>
#include <iostream>
#include <vector>

#include "tests/hostile/attacks.h"
#include "types/net_address.h"

namespace tandem::hostile {
namespace {

constexpr int usage_code = 64;

const Attack* find(std::string_view name) {
    for (const auto table : {attacks_on_handshake(), attacks_with_messages()})
        for (const Attack& attack : table)
            if (attack.name == name) return &attack;
    return nullptr;
}

std::string play(const Attack& attack, const Target& target) {
    try {
        return attack.play(target);
    } catch (const std::exception& problem) {
        return problem.what();
    }
}

int play_for(const Attack& attack, const Target& target, std::chrono::seconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    std::size_t times = 0, as_expected = 0;
    do {
        ++times;
        if (play(attack, target).empty()) ++as_expected;
    } while (std::chrono::steady_clock::now() < end);
    std::cout << fmt::format("{}: {} times, {} as expected\n", attack.name, times, as_expected);
    return 0;
}

int run(std::span<const std::string> arguments) {
    if (arguments.size() == 1 && arguments[0] == "--list") {
        for (const auto table : {attacks_on_handshake(), attacks_with_messages()})
            for (const Attack& attack : table)
                std::cout << attack.name << '\t' << attack.about << '\n';
        return 0;
    }
    const auto usage = [] {
        std::cerr << "usage: tandem-hostile --list | ATTACK HOST:PORT CHAIN_ID [SECONDS]\n";
        return usage_code;
    };
    if (arguments.size() != 3 && arguments.size() != 4) return usage();
    const Attack* attack = find(arguments[0]);
    const auto place = types::split_host_port(arguments[1]);
    if (attack == nullptr || !place) return usage();
    const Target target{place->host, static_cast<std::uint16_t>(std::stoul(place->port)),
                        arguments[2]};
    if (arguments.size() == 4)
        return play_for(*attack, target, std::chrono::seconds(std::stol(arguments[3])));
    const std::string wrong = play(*attack, target);
    if (wrong.empty()) return 0;
    std::cerr << fmt::format("{}: {}\n", attack->name, wrong);
    return 1;
}

}  // namespace
}  // namespace tandem::hostile

int main(int count, char** values) {
    try {
        return tandem::hostile::run(std::vector<std::string>(values + 1, values + count));
    } catch (const std::exception& problem) {
        std::cerr << "tandem-hostile: " << problem.what() << '\n';
        return tandem::hostile::usage_code;
    }
}
