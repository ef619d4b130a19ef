// What happens to a simulated network: faults over time, and their end.
//
// Within the fault bound, liars and validators that fail hold together less than a third of the
// power; standbys may fail freely. Some seeds exceed it on purpose, now and then or all the time:
// then the chain may stop, and must still not do wrong.
//
// Not here: operations of admins (operators.h), lies (liar.h), views (views.h).
#pragma once
#include "sim/cast.h"
#include "sim/judge.h"
#include "sim/split_lock.h"

namespace tandem::sim {

struct Tally {
    std::uint64_t crashes = 0;
    std::uint64_t partitions = 0;
    std::uint64_t freezes = 0;
    std::uint64_t channel_cuts = 0;
    std::uint64_t outages = 0;
    std::uint64_t wedges = 0;
    std::uint64_t splits = 0;
    std::uint64_t restores = 0;  // of disks: old images, imported logs, lost applications
    std::uint64_t operations = 0;
};

class Torment {
  public:
    struct Parts {
        World& world;
        Network& network;
        Cast& cast;
        Judge& judge;
        Tally& tally;
        LieCounts& lies;
    };
    Torment(Parts parts, const Plan& plan) : parts_(parts), plan_(plan) {}

    void start_all();
    /// One fault of those that the plan has.
    void commit_fault();
    /// Everything that can be mended is mended, and everybody runs.
    void heal();
    /// Whom of their twins the others hear, once more.
    void deal_twins();
    /// Starts it if it does not run, as its organisation would.
    void restart(std::size_t index);
    /// Ends the processes of these seats; they stay down until bring_back.
    void take_down(const std::vector<std::string>& seats);
    void bring_back();
    /// Its organisation works on it: nobody else starts it.
    void take_out_of_service(std::size_t index);
    void put_back_into_service(std::size_t index);
    /// Whether it may, besides those that fail already.
    [[nodiscard]] bool may_fail(std::size_t victim) const;
    /// Whoever holds back, or is worked on, is silent until the chain has moved. So whatever else
    /// comes back, those who are not must be enough to move it.
    [[nodiscard]] bool may_stay_silent(std::size_t victim) const;
    /// Seats with a node that is silent so; and until which height there are none, because powers
    /// may change.
    [[nodiscard]] std::set<std::string> silent_seats() const;
    void expect_powers_to_move(std::int64_t until) { powers_move_until_ = until; }

  private:
    [[nodiscard]] World& world() const { return parts_.world; }
    [[nodiscard]] base::SeededRandom& random() const { return parts_.world.random; }
    [[nodiscard]] Node& node(std::size_t index) const { return *parts_.cast.nodes()[index]; }
    [[nodiscard]] std::size_t any_node() const {
        return random().below(parts_.cast.nodes().size());
    }
    [[nodiscard]] bool fails(std::size_t index) const;
    /// Calls `ends` after `time`, unless all was healed before; the node counts as failing till
    /// then.
    void impair(std::size_t victim, Nanos time, std::function<void()> ends);
    void crash(std::size_t victim);
    void crash_some();
    void freeze_one();
    void slow_one();
    void cut_one();
    void cut_channel();
    void fail_over_one();
    /// The validator of a seat that has an heir who runs, and may fail.
    [[nodiscard]] std::optional<std::size_t> mortal_validator(const seats::Seat& seat) const;
    /// Looks again and again whether `seat` has moved from the validator that is away.
    void await_switch(const std::string& seat, std::size_t away, std::int64_t until);
    void return_from_outage(std::size_t index);
    void wedge_one();
    void end_wedge(std::size_t victim);
    void diverge_one();
    void wedge_or_diverge();
    void jump_clock();
    void blink();
    void split_lock();
    void end_split(std::uint64_t number);

    // torment_disks.cc
    void torment_disk();
    void restore_image(std::size_t victim, bool keeps_application);
    void lose_application(std::size_t victim);
    void put_back_application(std::size_t victim);
    void import_watermark(std::size_t victim);
    void lose_log(std::size_t victim);
    /// Starts from the present disk, which must be refused for `check`; the disk is put right then.
    void start_refused(std::size_t victim, std::string check, Disk right, bool is_older);

    Parts parts_;
    const Plan& plan_;
    std::map<std::size_t, std::int64_t> silent_since_;  // height, by node; until the next one
    std::set<std::size_t> down_, out_of_service_;
    std::set<std::size_t> away_;                   // until their seat has moved
    std::map<std::size_t, std::size_t> impaired_;  // faults that last, by node
    std::int64_t powers_move_until_ = 0;
    std::uint64_t healings_ = 0;
    std::unique_ptr<SplitLock> split_;  // at most one at a time
    std::uint64_t split_number_ = 0;
};

}  // namespace tandem::sim
