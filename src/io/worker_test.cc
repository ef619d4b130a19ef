#include "io/worker.h"

#include <gtest/gtest.h>
#include <semaphore>
#include <vector>

namespace tandem::io {
namespace {

TEST(Worker, WorksInOrderAndEndsWhenAllIsDone) {
    std::vector<int> done;
    {
        Worker worker(2);  // fewer than are given: giving waits
        for (int i = 0; i < 100; ++i) worker.give([&done, i] { done.push_back(i); });
    }
    ASSERT_EQ(done.size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(done));
}

TEST(Worker, DropsWhatWaits) {
    std::binary_semaphore begun(0), may_end(0);
    bool is_done = false, is_dropped = true;
    {
        Worker worker(10);
        worker.give([&] {
            begun.release();
            may_end.acquire();
            is_done = true;
        });
        worker.give([&] { is_dropped = false; });
        begun.acquire();
        worker.drop();
        may_end.release();
    }
    EXPECT_TRUE(is_done && is_dropped);
}

}  // namespace
}  // namespace tandem::io
