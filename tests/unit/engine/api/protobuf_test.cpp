// Bodies in protobuf form, byte by byte as Go clients send them.
#include <catch2/catch_test_macros.hpp>

#include "engine/api/protobuf.h"

using namespace engine;

namespace {

std::string bytes(int number, std::string_view payload) {
  int tag = number << 3 | 2;
  std::string out(1, static_cast<char>(tag < 128 ? tag : (tag & 127) | 128));
  if (tag >= 128) out += static_cast<char>(tag >> 7);
  out += static_cast<char>(payload.size());
  return out.append(payload);
}
std::string number(int field, int value) {
  return {static_cast<char>(field << 3), static_cast<char>(value)};
}

Result<Json> decode(std::string_view version, std::string_view kind, std::string_view object) {
  return decode_protobuf(std::string("k8s\0", 4) + bytes(1, bytes(1, version) + bytes(2, kind)) +
                         bytes(2, object));
}

}  // namespace

SCENARIO("a config map comes out as its JSON would be, empty members left out") {
  std::string meta = bytes(1, "a") + bytes(2, "") + bytes(3, "ns") + bytes(5, "") + number(7, 0) +
                     bytes(8, "") + bytes(11, bytes(1, "k") + bytes(2, "v"));
  auto object = decode("v1", "ConfigMap",
                       bytes(1, meta) + bytes(2, bytes(1, "x") + bytes(2, "")) +
                           bytes(3, bytes(1, "b") + bytes(2, std::string("\0\xff", 2))));
  REQUIRE(object);
  CHECK(
      *object ==
      MUST(parse_json(
          R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","labels":{"k":"v"}},
                                       "data":{"x":""},"binaryData":{"b":"AP8="}})")));
}

SCENARIO("pointers keep their zero, inlined members lie flat, int-or-string is one of both") {
  auto deployment = decode("apps/v1", "Deployment", bytes(2, number(1, 0) + number(7, 0)));
  REQUIRE(deployment);
  CHECK(deployment->find("spec")->find("replicas"));
  CHECK_FALSE(deployment->find("spec")->find("paused"));
  auto pod =
      decode("v1", "Pod",
             bytes(2, bytes(1, bytes(1, "v") + bytes(2, bytes(19, bytes(1, bytes(1, "cm")))))));
  REQUIRE(pod);
  CHECK(pod->find("spec")->find("volumes")->as_array()[0].str({"configMap", "name"}) == "cm");
  std::string port = number(3, 80) + bytes(4, number(1, 1) + bytes(3, "http"));
  auto service = decode("v1", "Service", bytes(2, bytes(1, port)));
  REQUIRE(service);
  CHECK(service->find("spec")->find("ports")->as_array()[0].str("targetPort") == "http");
}

SCENARIO("what is not an envelope, or lies about lengths, is refused with the place") {
  CHECK(decode_protobuf("{}").error().message().find("envelope") != std::string::npos);
  CHECK(decode("v1", "ConfigMap", std::string("\x0a\x7f", 2)).error().message().find("at byte") !=
        std::string::npos);
  CHECK(decode("v1", "NoSuchKind", "").error().message().find("NoSuchKind") != std::string::npos);
  CHECK(decode("v1", "ConfigMap", "\x08\x01").error().code() == 400);
}
