// What abci-dialogues.json has, read: used by the file that plays the application's and the
// socket's part, and by the one that plays the node's.
#pragma once
#include "abci/application.h"
#include "abci/messages.h"
#include "tests/node/virtual_network.h"
#include "tests/vectors_program/convert.h"

namespace tandem::vectors {

struct AbciMessage {
    std::size_t connection = 0;  // 0: query, 1: snapshot, 2: mempool, 3: consensus
    bool by_node = false;
    base::Bytes bytes;  // as framed
    abci::Request request;
    abci::Response response;

    [[nodiscard]] bool is_flush() const {
        return by_node ? std::holds_alternative<abci::RequestFlush>(request.value)
                       : std::holds_alternative<abci::ResponseFlush>(response.value);
    }
};

using AbciDialogue = std::vector<AbciMessage>;

/// Asks an application what a request asks.
[[nodiscard]] abci::Response ask(abci::Application& application, const abci::Request& request);

/// The last word of an extension, "ext HEIGHT of MEMBER": the recorded application's own number.
/// "" where the dialogue has no extensions.
[[nodiscard]] std::string member_of(const AbciDialogue& dialogue);
/// Its extension.
[[nodiscard]] abci::ResponseExtendVote extension_of(std::int64_t height, const std::string& member);

/// Whole nodes of ours, which go on from case to case.
class DialogueNodes {
  public:
    DialogueNodes();
    ~DialogueNodes();
    /// Asks of its application what the recorded node asked.
    void play(Case& c, const AbciDialogue& dialogue);

  private:
    struct World;
    std::unique_ptr<World> world_;
};

}  // namespace tandem::vectors
