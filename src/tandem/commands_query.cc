// tandem query: reading from the application, with proofs where it gives them.
#include <fmt/format.h>

#include "tandem/query_commands.h"
#include "tandem/share_text.h"
#include "types/json.h"
#include "types/time_text.h"

namespace tandem::program {
namespace {

struct QueryOptions {
    NodeOptions node;
    std::string place;
    std::string key;
    std::string from;
    std::string to;
    std::string reader;
    std::string key_path;
    std::string trust;
    std::int64_t limit = 100;
    bool prove = false;
    bool hex = false;
    bool value_only = false;
};

std::expected<ShareClient, Failure> open_share(const Context& context,
                                               const QueryOptions& options) {
    std::optional<TrustedHash> trusted;
    if (!options.trust.empty()) {
        auto parsed = trusted_hash(options.trust);
        if (!parsed) return fail(std::move(parsed).error());
        trusted = std::move(*parsed);
    }
    std::optional<Signer> reader;
    if (!options.reader.empty()) {
        auto place = place_of(options.reader, "member");
        if (!place) return fail(std::move(place).error());
        auto signer = signer_of(place->organisation, place->name, options.key_path,
                                "--member-key, or set TANDEM_MEMBER_KEY:");
        if (!signer) return fail(std::move(signer).error());
        reader = std::move(*signer);
    }
    auto client = ShareClient::open(context, options.node, std::move(trusted));
    if (client && reader) client->read_as(std::move(*reader));
    return client;
}

json record_json(const share::Record& record) {
    return {{"version", record.version}, {"removed", record.removed},
            {"height", record.height},   {"time", types::to_text(record.time)},
            {"member", record.member},   {"value", base::to_base64(record.value)}};
}

std::string record_line(const share::Record& record) {
    return fmt::format("version {} by {} in block {}, {}: {}", record.version, record.member,
                       record.height, types::to_text(record.time),
                       record.removed ? "removed" : shown_bytes(record.value));
}

json proved_json(const std::optional<VouchedHeader>& proved) {
    return proved ? proof_json(*proved) : json();
}

// ---- Single records and their histories.

Outcome no_record(const Context& context, std::int64_t height, const QueryOptions& options) {
    if (context.is_json()) print_line(json{{"exists", false}, {"at_height", height}}.dump());
    return fail(
        ExitCode::failed,
        fmt::format("there is no record {} in {} at height {}{}", options.key, options.place,
                    height,
                    options.prove ? ", says the node; there are no proofs of absence" : ""));
}

/// The newest version of the record that `options` name, and who was asked for it.
struct AskedRecord {
    ShareClient client;
    Place place;
    base::Bytes key;
    EntryAnswer<share::Record> found;
};

std::expected<AskedRecord, Failure> ask_record(const Context& context,
                                               const QueryOptions& options) {
    auto place = place_of(options.place, "namespace");
    if (!place) return fail(std::move(place).error());
    auto key = argument_bytes(options.key, options.hex);
    if (!key) return fail(std::move(key).error());
    auto client = open_share(context, options);
    if (!client) return fail(std::move(client).error());
    auto found = client->record(*place, *key, options.prove);
    if (!found) return fail(std::move(found).error());
    return AskedRecord{std::move(*client), std::move(*place), std::move(*key), std::move(*found)};
}

Outcome query_record(const Context& context, const QueryOptions& options) {
    auto asked = ask_record(context, options);
    if (!asked) return fail(std::move(asked).error());
    const auto& [client, place, key, found] = *asked;
    if (!found.entry) return no_record(context, found.height, options);
    const share::Record& record = *found.entry;
    if (context.is_json()) {
        json out = record_json(record);
        out["exists"] = !record.removed;
        out["key"] = base::to_base64(key);
        out["at_height"] = found.height;
        out["proof"] = proved_json(found.proved_by);
        print_line(out.dump());
    } else if (options.value_only && !record.removed) {
        print_text(base::as_text(record.value));
    } else if (!options.value_only) {
        print_line(record_line(record));
        if (found.proved_by) print_line(proof_line(*found.proved_by));
    }
    if (!record.removed) return {};
    return fail(ExitCode::failed, fmt::format("the record is removed since height {}; tandem query "
                                              "history has its versions",
                                              record.height));
}

std::string with_option(std::string path, const char* name, const std::string& value) {
    if (!value.empty()) path += fmt::format("{}{}={}", path.contains('?') ? "&" : "?", name, value);
    return path;
}

/// Versions before `before`, newest first and encoded, at most `limit`.
std::expected<std::vector<base::Bytes>, Failure> older_versions(ShareClient& client,
                                                                base::BytesView data,
                                                                std::int64_t before,
                                                                std::int64_t limit) {
    std::vector<base::Bytes> versions;
    while (before > 1 && static_cast<std::int64_t>(versions.size()) < limit) {
        auto page = client.ask_json(fmt::format("/history?before={}&limit={}", before,
                                                limit - static_cast<std::int64_t>(versions.size())),
                                    data);
        if (!page) return fail(std::move(page).error());
        const json rows = page->value("versions", json::array());
        for (const json& row : rows) versions.push_back(bytes_at(row, "record"));
        if (rows.empty()) break;
        before = number(*page, "next_before");
    }
    return versions;
}

Outcome query_history(const Context& context, const QueryOptions& options) {
    auto asked = ask_record(context, options);
    if (!asked) return fail(std::move(asked).error());
    auto& [client, place, key, found] = *asked;
    if (!found.entry) return no_record(context, found.height, options);
    auto older =
        older_versions(client, record_data(place, key), found.entry->version, options.limit - 1);
    if (!older) return fail(std::move(older).error());
    // The newest version names the one before by its hash, and so on.
    if (const auto whole = share::verify_history(*found.entry, *older); !whole)
        return fail(ExitCode::failed, "the history does not verify: do not believe this node (" +
                                          whole.error().why + ")");
    std::vector<share::Record> versions{*found.entry};
    for (const base::Bytes& one : *older)
        versions.push_back(*share::decode_entry<share::Record>(one));
    const std::int64_t left = versions.back().version - 1;
    if (context.is_json()) {
        json out{{"versions", json::array()},
                 {"older_versions", left},
                 {"proof", proved_json(found.proved_by)}};
        for (const share::Record& one : versions) out["versions"].push_back(record_json(one));
        return print_line(out.dump()), Outcome{};
    }
    for (const share::Record& one : versions) print_line(record_line(one));
    if (left > 0) print_line(fmt::format("and {} older ones; --limit shows more", left));
    if (found.proved_by)
        print_line(proof_line(*found.proved_by) +
                   "; the older versions by the hashes that lead to them");
    return {};
}

// ---- Ranges.

struct Row {
    base::Bytes key;
    share::Record record;
    std::optional<VouchedHeader> proved_by;
};

Outcome append_listed(std::vector<Row>& rows, const std::vector<json>& page) {
    for (const json& listed : page) {
        auto record = share::decode_entry<share::Record>(bytes_at(listed, "record"));
        if (!record) return fail(ExitCode::failed, "the node's answer: " + record.error().why);
        rows.push_back({bytes_at(listed, "key"), std::move(*record), {}});
    }
    return {};
}

/// Each with a proof of its own. They are asked for one after the other and verified then: most are
/// about one height, and the header behind it comes once.
Outcome append_proved(ShareClient& client, const Place& place, std::vector<Row>& rows,
                      const std::vector<json>& page) {
    std::vector<ShareAnswer> answers;
    for (const json& listed : page) {
        auto answer = client.ask("/record", record_data(place, bytes_at(listed, "key")), true);
        if (!answer) return fail(std::move(answer).error());
        answers.push_back(std::move(*answer));
    }
    for (std::size_t i = 0; i < page.size(); ++i) {
        base::Bytes key = bytes_at(page[i], "key");
        auto found = client.read<share::Record>(
            answers[i], share::record_key(place.organisation, place.name, key), true);
        if (!found) return fail(std::move(found).error());
        if (!found->entry)
            return fail(ExitCode::failed,
                        fmt::format("the node lists {} and then does not have it: do not believe "
                                    "it",
                                    shown_bytes(key)));
        if (found->entry->removed) continue;  // meanwhile
        rows.push_back({std::move(key), std::move(*found->entry), std::move(found->proved_by)});
    }
    return {};
}

struct Range {
    base::Bytes prefix;
    base::Bytes from;
    base::Bytes to;  // exclusive; empty: none
};

std::expected<std::vector<Row>, Failure> rows_of(ShareClient& client, const Place& place,
                                                 const Range& range, const QueryOptions& options) {
    std::vector<Row> rows;
    std::string from = base::to_hex(range.from);
    do {
        const auto room = options.limit - static_cast<std::int64_t>(rows.size());
        auto page =
            client.ask_json(with_option(fmt::format("/records?limit={}", room), "from", from),
                            record_data(place, range.prefix));
        if (!page) return fail(std::move(page).error());
        std::vector<json> listed = page->value("records", std::vector<json>());
        const auto behind = std::ranges::find_if(listed, [&](const json& one) {
            return !range.to.empty() && base::compare(bytes_at(one, "key"), range.to) >= 0;
        });
        const bool is_end = behind != listed.end();
        listed.erase(behind, listed.end());
        Outcome added = options.prove ? append_proved(client, place, rows, listed)
                                      : append_listed(rows, listed);
        if (!added) return fail(std::move(added).error());
        if (is_end) break;
        const std::string next = page->value("next_from", std::string());
        if (!next.empty() && next <= from) break;  // a node that leads in a circle
        from = next;
    } while (!from.empty() && static_cast<std::int64_t>(rows.size()) < options.limit);
    return rows;
}

void print_rows(const Context& context, const std::vector<Row>& rows, bool prove) {
    if (context.is_json()) {
        json out{{"records", json::array()}};
        for (const Row& row : rows) {
            json one = record_json(row.record);
            one["key"] = base::to_base64(row.key);
            one["proof"] = proved_json(row.proved_by);
            out["records"].push_back(std::move(one));
        }
        return print_line(out.dump());
    }
    for (const Row& row : rows)
        print_line(fmt::format("{}  {}", shown_bytes(row.key), record_line(row.record)));
    if (prove && !rows.empty())
        print_line(fmt::format("{} records, each {}; that none is missing is not proved",
                               rows.size(), proof_line(*rows.back().proved_by)));
    if (rows.empty()) print_line("none");
}

Outcome query_records(const Context& context, const QueryOptions& options) {
    auto place = place_of(options.place, "namespace");
    if (!place) return fail(std::move(place).error());
    Range range;
    for (const auto& [text, bytes] :
         {std::pair{&options.key, &range.prefix}, std::pair{&options.from, &range.from},
          std::pair{&options.to, &range.to}}) {
        auto read = argument_bytes(*text, options.hex);
        if (!read) return fail(std::move(read).error());
        *bytes = std::move(*read);
    }
    auto client = open_share(context, options);
    if (!client) return fail(std::move(client).error());
    auto rows = rows_of(*client, *place, range, options);
    if (!rows) return fail(std::move(rows).error());
    print_rows(context, *rows, options.prove);
    return {};
}

// ---- Organisations, members, namespaces.

Outcome query_organisations(const Context& context, const QueryOptions& options) {
    auto client = open_share(context, options);
    if (!client) return fail(std::move(client).error());
    auto names = client->ask_json("/organisations", {});
    if (!names) return fail(std::move(names).error());
    if (context.is_json()) return print_line(names->dump()), Outcome{};
    for (const json& name : *names) print_line(name.get<std::string>());
    return {};
}

std::string describe(const share::Organisation& entry) {
    return fmt::format("admin key {}, nonce {}", shown_key(entry.admin_key), entry.nonce);
}
std::string describe(const share::Member& entry) {
    return fmt::format("{}, key {}, nonce {}", shown_role(entry.role), shown_key(entry.key),
                       entry.nonce);
}
std::string describe(const share::Namespace& entry) {
    return entry.readers.empty()
               ? "everybody reads it"
               : fmt::format("read by its own organisation and {}", fmt::join(entry.readers, ", "));
}
json as_json(const share::Organisation& entry) {
    return {{"admin_key", shown_key(entry.admin_key)}, {"nonce", entry.nonce}};
}
json as_json(const share::Member& entry) {
    return {
        {"role", shown_role(entry.role)}, {"key", shown_key(entry.key)}, {"nonce", entry.nonce}};
}
json as_json(const share::Namespace& entry) {
    return {{"readers", entry.readers}};
}

template <typename Entry>
Outcome query_entry(const Context& context, const QueryOptions& options, const std::string& path,
                    base::BytesView key) {
    auto client = open_share(context, options);
    if (!client) return fail(std::move(client).error());
    auto found = client->entry<Entry>(path, base::as_bytes(options.place), key, options.prove);
    if (!found) return fail(std::move(found).error());
    if (!found->entry)
        return fail(ExitCode::failed, fmt::format("there is no {} {} at height {}", path.substr(1),
                                                  options.place, found->height));
    if (context.is_json()) {
        json out = as_json(*found->entry);
        out["at_height"] = found->height;
        out["proof"] = proved_json(found->proved_by);
        print_line(out.dump());
    } else {
        print_line(options.place + ": " + describe(*found->entry));
        if (found->proved_by) print_line(proof_line(*found->proved_by));
    }
    return {};
}

Outcome query_organisation(const Context& context, const QueryOptions& options) {
    return query_entry<share::Organisation>(context, options, "/organisation",
                                            share::organisation_key(options.place));
}
Outcome query_member(const Context& context, const QueryOptions& options) {
    auto place = place_of(options.place, "member");
    if (!place) return fail(std::move(place).error());
    return query_entry<share::Member>(context, options, "/member",
                                      share::member_key(place->organisation, place->name));
}
Outcome query_namespace(const Context& context, const QueryOptions& options) {
    auto place = place_of(options.place, "namespace");
    if (!place) return fail(std::move(place).error());
    return query_entry<share::Namespace>(context, options, "/namespace",
                                         share::namespace_key(place->organisation, place->name));
}

// ---- The commands.

using RunQuery = Outcome (*)(const Context&, const QueryOptions&);

struct AddedQuery {
    CLI::App* command;
    std::shared_ptr<QueryOptions> options;
};

AddedQuery add_query(CLI::App& query, Context& context, const char* name, const char* about,
                     RunQuery run) {
    CLI::App* command = add_command(query, name, about);
    command->group("share");
    const auto options = std::make_shared<QueryOptions>();
    add_node_options(*command, options->node);
    command->callback([&context, options, run] { context.outcome = run(context, *options); });
    return {command, options};
}

void add_proof_options(const AddedQuery& added) {
    CLI::Option* prove = added.command->add_flag(
        "--prove", added.options->prove,
        "Verify proofs, against the application hash of a header whose signatures are verified");
    added.command
        ->add_option("--trust", added.options->trust,
                     "HEIGHT:HASH of a block that you trust; the header must follow from it")
        ->needs(prove);
}

void add_reader_options(const AddedQuery& added) {
    added.command->add_option("--as", added.options->reader,
                              "ORGANISATION/MEMBER who reads, where a namespace names its readers");
    added.command->add_option("--member-key", added.options->key_path, "File of the member's key")
        ->envname("TANDEM_MEMBER_KEY");
    added.command->add_flag("--hex", added.options->hex, "Keys are given in hexadecimal");
}

void add_record_queries(CLI::App& query, Context& context) {
    AddedQuery added = add_query(query, context, "record",
                                 "share: one record; ends with 1 if there is none\n"
                                 "Example: tandem query record acme/open invoice-7 --prove",
                                 query_record);
    added.command->add_option("namespace", added.options->place, "ORGANISATION/NAMESPACE")
        ->required();
    added.command->add_option("key", added.options->key, "Key of the record")->required();
    added.command->add_flag("--value-only", added.options->value_only,
                            "Print the bytes of the value and nothing else");
    add_proof_options(added);
    add_reader_options(added);

    added = add_query(query, context, "history",
                      "share: the versions of a record, newest first\n"
                      "Example: tandem query history acme/open invoice-7 --prove",
                      query_history);
    added.command->add_option("namespace", added.options->place, "ORGANISATION/NAMESPACE")
        ->required();
    added.command->add_option("key", added.options->key, "Key of the record")->required();
    added.command->add_option("--limit", added.options->limit, "At most so many versions")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    add_proof_options(added);
    add_reader_options(added);

    added = add_query(query, context, "records",
                      "share: records in the order of their keys\n"
                      "Example: tandem query records acme/open --prefix invoice- --limit 20",
                      query_records);
    added.command->add_option("namespace", added.options->place, "ORGANISATION/NAMESPACE")
        ->required();
    added.command->add_option("--prefix", added.options->key, "Keys that begin with this");
    added.command->add_option("--from", added.options->from, "From this key on");
    added.command->add_option("--to", added.options->to, "Before this key");
    added.command->add_option("--limit", added.options->limit, "At most so many records")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    add_proof_options(added);
    add_reader_options(added);
}

void add_entry_queries(CLI::App& query, Context& context) {
    (void)add_query(query, context, "organisations",
                    "share: the names of all organisations\n"
                    "Example: tandem query organisations",
                    query_organisations);
    struct Named {
        const char* name;
        const char* about;
        const char* argument;
        RunQuery run;
    };
    for (const Named& one : {Named{"organisation",
                                   "share: an organisation and its admin key\n"
                                   "Example: tandem query organisation acme --prove",
                                   "Name of the organisation", query_organisation},
                             Named{"member",
                                   "share: a member, with key and role\n"
                                   "Example: tandem query member acme/w --prove",
                                   "ORGANISATION/MEMBER", query_member},
                             Named{"namespace",
                                   "share: a namespace, and who reads it\n"
                                   "Example: tandem query namespace acme/open --prove",
                                   "ORGANISATION/NAMESPACE", query_namespace}}) {
        const AddedQuery added = add_query(query, context, one.name, one.about, one.run);
        added.command->add_option("name", added.options->place, one.argument)->required();
        add_proof_options(added);
    }
}

}  // namespace

void add_query_commands(CLI::App& app, Context& context) {
    CLI::App* query = add_command(app, "query",
                                  "Read from the application\n"
                                  "Example: tandem query record acme/open invoice-7 --prove");
    query->require_subcommand(1);
    add_record_queries(*query, context);
    add_entry_queries(*query, context);
    add_plain_queries(*query, context);
}

}  // namespace tandem::program
