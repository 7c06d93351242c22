#include <catch2/catch_test_macros.hpp>

#include "engine/base/base64.h"
#include "engine/base/http.h"
#include "engine/base/names.h"
#include "engine/base/status.h"
#include "engine/base/time.h"
#include "engine/base/uid.h"
#include "tests/support/thread_env.h"

using engine::About;
using engine::Status;

TEST_CASE("messages are those of kube-apiserver", "[status]") {
  About map{"", "configmaps", "a"};
  About deployment{"apps", "deployments", "web"};
  CHECK(Status::not_found(map).message() == "configmaps \"a\" not found");
  CHECK(Status::already_exists(deployment).message() == "deployments.apps \"web\" already exists");
  CHECK(Status::conflict(deployment, "the object has been modified").message() ==
        "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified");
  CHECK(Status::forbidden({"", "configmaps", ""}, "u", "cannot list resource").message() ==
        "configmaps is forbidden: User \"u\" cannot list resource");
  CHECK(Status::method_not_allowed(map, "patch").message() ==
        "patch is not supported on resources of kind \"configmaps\"");
  Status one = Status::invalid("apps", "Deployment", "web",
                               {{"FieldValueRequired", "Required value", "spec.selector"}});
  CHECK(one.message() == "Deployment.apps \"web\" is invalid: spec.selector: Required value");
  CHECK(one.code() == 422);
  CHECK(one.kind() == "Deployment");
  Status two =
      Status::invalid("", "ConfigMap", "a", {{"x", "m", "f"}, {"x", "m", "f"}, {"x", "n", "g"}});
  CHECK(two.message() == "ConfigMap \"a\" is invalid: [f: m, g: n]");
  CHECK(two.causes().size() == 3);
}

TEST_CASE("headers and queries", "[http]") {
  engine::Headers headers;
  headers.add("Accept", "a");
  headers.add("accept", "b");
  CHECK(headers.get("ACCEPT") == "a");
  CHECK(headers.all("Accept").size() == 2);
  headers.set("aCCept", "c");
  CHECK(headers.all("Accept") == std::vector<std::string_view>{"c"});
  headers.remove("accept");
  CHECK_FALSE(headers.has("Accept"));
  auto query = engine::Query::parse("a=1&b=x%20y+z&a=2&c&&d=%zz&e=%4");
  CHECK(query.get("a") == "1");
  CHECK(query.all("a").size() == 2);
  CHECK(query.get("b") == "x y z");
  CHECK(query.has("c"));
  CHECK(query.get("d") == "%zz");
  CHECK(query.get("e") == "%4");
}

TEST_CASE("base64", "[base64]") {
  for (std::string text : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd"}) {
    CHECK(engine::base64_decode(engine::base64_encode(text)) == text);
    CHECK(engine::base64url_decode(engine::base64url_encode(text)) == text);
  }
  CHECK(engine::base64_encode("fo") == "Zm8=");
  CHECK(engine::base64url_encode("\xff\xff") == "__8");
  CHECK(engine::base64_decode("Zm8\n=") == "fo");
  for (const char* bad : {"Zm8", "Zm8==", "Z", "Zm9*", "=", "Zm8=Zm8="}) {
    CHECK_FALSE(engine::base64_decode(bad));
  }
}

TEST_CASE("times are printed and read as RFC 3339", "[time]") {
  auto time = *engine::parse_rfc3339("2026-11-24T05:38:51.123456789Z");
  CHECK(engine::to_rfc3339(time) == "2026-11-24T05:38:51Z");
  CHECK(engine::to_rfc3339_micro(time) == "2026-11-24T05:38:51.123456Z");
  CHECK(engine::to_rfc3339(*engine::parse_rfc3339("2026-11-24T05:38:51+02:00")) ==
        "2026-11-24T03:38:51Z");
  CHECK(engine::to_rfc3339(*engine::parse_rfc3339("1969-12-31T23:59:59.5Z")) ==
        "1969-12-31T23:59:59Z");
  for (const char* bad : {"2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z",
                          "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-1-1T00:00:00Z",
                          "2026-01-01T00:00:60Z", "9999-01-01T00:00:00Z", ""}) {
    CHECK_FALSE(engine::parse_rfc3339(bad));
  }
  using namespace std::chrono_literals;
  CHECK(engine::human_duration(119s) == "119s");
  CHECK(engine::human_duration(200s) == "3m20s");
  CHECK(engine::human_duration(59min) == "59m");
  CHECK(engine::human_duration(4h + 15min) == "4h15m");
  CHECK(engine::human_duration(51h) == "2d3h");
  CHECK(engine::human_duration(24h * 400) == "400d");
  CHECK(engine::human_duration(24h * 800) == "2y70d");
  CHECK(engine::human_duration(-10s) == "<invalid>");
}

TEST_CASE("uids and names", "[names]") {
  tests::ThreadEnv env;
  std::string uid = engine::new_uid(env);
  CHECK(engine::is_uid(uid));
  CHECK(uid[14] == '4');
  CHECK(uid != engine::new_uid(env));
  std::string name = engine::generate_name(env, "web-");
  CHECK(name.size() == 9);
  CHECK(name.substr(4).find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
  CHECK(engine::generate_name(env, std::string(80, 'a')).size() == 63);

  CHECK(engine::check_dns1123_subdomain("a.b-c.d1").empty());
  CHECK(engine::check_dns1123_subdomain("A") ==
        engine::Reasons{
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character (e.g. "
            "'example.com', regex used for validation is "
            "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"});
  CHECK(engine::check_dns1123_label("a.b") == engine::Reasons{"must not contain dots"});
  CHECK(engine::check_dns1123_subdomain(std::string(254, 'a')) ==
        engine::Reasons{"must be no more than 253 bytes"});
  CHECK_FALSE(engine::check_dns1035_label("1a").empty());
  CHECK(engine::check_path_segment("system:x").empty());
  CHECK(engine::check_path_segment("a/b%") ==
        engine::Reasons{"may not contain '/'", "may not contain '%'"});
  CHECK(engine::check_qualified_name("example.com/Name_1").empty());
  CHECK(engine::check_qualified_name("/x") == engine::Reasons{"prefix part must be non-empty"});
  CHECK_FALSE(engine::check_qualified_name("a/b/c").empty());
  CHECK(engine::check_label_value("").empty());
  CHECK_FALSE(engine::check_label_value("-x").empty());
  CHECK(engine::check_config_key("a.b_C").empty());
  CHECK(engine::check_config_key("..a") == engine::Reasons{"must not start with '..'"});
}
