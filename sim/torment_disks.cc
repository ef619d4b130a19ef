// Disks that are not those that the process left: backups, files that are gone, imported logs.
//
// Each either recovers or is refused at start, as the table of chain/recovery.h says; and whoever
// puts an older image back tells the node so, as the manual of an operator asks.
#include "sim/torment.h"

namespace tandem::sim {

void Torment::torment_disk() {
    const std::size_t victim = any_node();
    if (!node(victim).running() || away_.contains(victim) || !may_fail(victim)) return;
    // Those who throw away logs have none to restore.
    if (parts_.cast.lies(victim)) return;
    ++parts_.tally.restores;
    switch (random().below(6)) {
        case 0:
        case 1:
            return restore_image(victim, false);
        case 2:
            return random().chance(1, 2) ? lose_application(victim) : put_back_application(victim);
        case 3:
            return import_watermark(victim);
        case 4:
            return lose_log(victim);
        default:
            return restore_image(victim, true);
    }
}

/// Everything as it was some time ago. With the application of now, it must not start.
void Torment::restore_image(std::size_t victim, bool keeps_application) {
    const bool is_young = random().chance(2, 3);
    const Nanos age =
        static_cast<Nanos>(is_young ? 20 + random().below(400) : 2000 + random().below(20'000)) *
        millisecond;
    auto image = std::make_shared<Disk>(node(victim).backup());
    world().after(age, [this, victim, image, keeps_application, when = healings_] {
        if (when != healings_ || !node(victim).running() || node(victim).frozen()) return;
        if (!may_stay_silent(victim)) return;
        node(victim).crash();
        Disk right = *image;
        if (keeps_application) {
            image->application = node(victim).disk().application;
            image->seats_point = node(victim).disk().seats_point;
            const auto& blocks = image->database().blocks;
            const std::int64_t stored = blocks.empty() ? 0 : blocks.rbegin()->first;
            if (stored > 0 && image->application.height > stored &&
                image->seats_point->after.height == image->application.height) {
                node(victim).disk() = *image;
                return start_refused(victim, "recovery.app_above_store", std::move(right), true);
            }
        }
        node(victim).disk() = std::move(right);
        node(victim).hold_back();
        restart(victim);
    });
}

/// It begins anew, and gets all blocks from the store.
void Torment::lose_application(std::size_t victim) {
    node(victim).crash();
    node(victim).disk().application = {};
    node(victim).disk().seats_point.reset();
    restart(victim);
}

/// To what it was some time ago.
void Torment::put_back_application(std::size_t victim) {
    const Disk image = node(victim).backup();
    world().after(
        world().between_ms(300, 9000),
        [this, victim, old = std::pair(image.application, image.seats_point), when = healings_] {
            if (when != healings_ || !node(victim).running() || node(victim).frozen()) return;
            node(victim).crash();
            Disk& disk = node(victim).disk();
            const auto& blocks = disk.database().blocks;
            // Should everything have been put back to before that, it stays.
            if (!blocks.empty() && old.first.height <= blocks.rbegin()->first) {
                disk.application = old.first;
                disk.seats_point = old.second;
            }
            restart(victim);
        });
}

/// The log is gone but for what was signed last.
///
/// It knows what it may not say again and not what it said: until the next height it is silent.
void Torment::import_watermark(std::size_t victim) {
    if (!may_stay_silent(victim)) return;
    silent_since_[victim] = parts_.cast.newest_seats()->height;
    node(victim).crash();
    const Disk whole = node(victim).disk();
    node(victim).disk().keep_watermark_only();
    if (node(victim).disk().log().empty()) node(victim).disk() = whole;  // it never signed
    restart(victim);
}

void Torment::lose_log(std::size_t victim) {
    node(victim).crash();
    Disk right = node(victim).disk();
    if (right.database().blocks.empty()) return restart(victim);
    node(victim).disk().put_log_of(Disk());
    start_refused(victim, "recovery.missing", std::move(right), false);
}

void Torment::start_refused(std::size_t victim, std::string check, Disk right, bool is_older) {
    parts_.judge.expect_refusal(victim, std::move(check));
    restart(victim);
    parts_.judge.expect_no_refusal(victim);
    node(victim).crash();
    node(victim).disk() = std::move(right);
    if (is_older) node(victim).hold_back();
    restart(victim);
}

}  // namespace tandem::sim
