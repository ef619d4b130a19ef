#include "io/cors.h"

#include <gtest/gtest.h>

namespace tandem::io {
namespace {

std::string get(const Headers& headers, std::string_view name) {
    for (const auto& [header, value] : headers)
        if (header == name) return value;
    return "none";
}

TEST(Cors, IsOffWithoutOrigins) {
    EXPECT_TRUE(cors_headers({}, {"GET", "https://a.org", "", ""}).empty());
    EXPECT_FALSE(cors_preflight({}, {"OPTIONS", "https://a.org", "GET", ""}));
}

TEST(Cors, AllowsWhomTheConfigurationNames) {
    CorsConfig config;
    config.origins = {"https://a.org", "https://*.b.org"};
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"https://a.org", "https://a.org"},
        {"https://A.org", "https://A.org"},
        {"https://x.b.org", "https://x.b.org"},
        {"https://b.org", "none"},
        {"http://a.org", "none"},
        {"", "none"}};
    for (const auto& [origin, allowed] : rows) {
        const Headers headers = cors_headers(config, {"GET", origin, "", ""});
        EXPECT_EQ(get(headers, "Access-Control-Allow-Origin"), allowed) << origin;
        EXPECT_EQ(get(headers, "Vary"), "Origin");
    }
    EXPECT_EQ(get(cors_headers(config, {"DELETE", "https://a.org", "", ""}),
                  "Access-Control-Allow-Origin"),
              "none");
    config.origins = {"*"};
    EXPECT_EQ(
        get(cors_headers(config, {"GET", "https://c.org", "", ""}), "Access-Control-Allow-Origin"),
        "*");
}

TEST(Cors, AnswersPreflights) {
    CorsConfig config;
    config.origins = {"https://a.org"};
    const auto yes =
        cors_preflight(config, {"OPTIONS", "https://a.org", "POST", "content-type, origin"});
    ASSERT_TRUE(yes);
    EXPECT_EQ(get(*yes, "Access-Control-Allow-Methods"), "POST");
    EXPECT_EQ(get(*yes, "Access-Control-Allow-Headers"), "content-type, origin");
    const auto no = cors_preflight(config, {"OPTIONS", "https://a.org", "POST", "x-other"});
    ASSERT_TRUE(no);
    EXPECT_EQ(get(*no, "Access-Control-Allow-Origin"), "none");
    EXPECT_FALSE(cors_preflight(config, {"OPTIONS", "https://a.org", "", ""}));
    EXPECT_FALSE(cors_preflight(config, {"GET", "https://a.org", "POST", ""}));
}

}  // namespace
}  // namespace tandem::io
