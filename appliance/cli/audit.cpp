// `paddock audit`: looks after the audit log of a data folder, with or without its server running:
// verifies the chain of its lines, or prints them.
#include <cstdio>
#include <fstream>

#include "appliance/audit/audit_file.h"
#include "appliance/cli/command.h"
#include "appliance/cli/log_options.h"
#include "engine/base/time.h"

namespace appliance {
namespace {

using engine::Status;

std::string printed(int64_t ms) {
  return engine::to_rfc3339_milli(storage::WallTime(storage::Millis(ms)));
}

int verify(const std::string& dir, const std::string& expected) {
  auto done = verify_audit(dir, expected);
  if (!done) return complain(done.error());
  if (done->segments == 0 && done->records == 0)
    return complain(Status::bad_request(dir + ": there is no audit log"));
  std::printf("%llu records in %llu segments are as they were written\n",
              static_cast<unsigned long long>(done->records),
              static_cast<unsigned long long>(done->segments));
  if (done->records > 0)
    std::printf("from %s to %s\n", printed(done->first_ms).c_str(), printed(done->last_ms).c_str());
  if (done->first_before != kAuditFirstHash)
    std::printf("older ones were removed by age or size; the chain begins after %s\n",
                done->first_before.c_str());
  std::printf("last hash %s\n", done->last_hash.c_str());
  if (done->torn) std::printf("the last line is not whole: its writer was stopped in it\n");
  if (expected.empty() || done->seen_expected) return 0;
  return complain(Status::bad_request("the hash " + expected +
                                      " is not in the log: it was cut off or written anew"));
}

int print_all(const std::string& dir) {
  for (uint64_t number : audit_segments(dir)) {
    std::ifstream in(dir + "/" + audit_segment_name(number, ".ndjson"), std::ios::binary);
    std::string line;
    std::getline(in, line);  // its head
    while (std::getline(in, line) && !in.eof())
      if (std::printf("%s\n", line.c_str()) < 0) return 1;
  }
  return 0;
}

int run(const Arguments& arguments) {
  const std::string dir = arguments["data-dir"] + "/audit";
  const std::string what = arguments.words.size() == 1 ? arguments.words[0] : "";
  if (what == "verify") return verify(dir, arguments["expect"]);
  if (what == "export") return print_all(dir);
  complain(Status::bad_request("one of these is wanted: verify, export"));
  return 2;
}

}  // namespace

void register_audit(CommandSet& set) {
  set.add({.name = "audit",
           .summary = "Verify or print the audit log",
           .description = "verify reads every line and says whether the log is as it was written, "
                          "and its last hash: kept elsewhere, it shows later (--expect) that "
                          "nothing before it was changed or cut off. export prints all records "
                          "as NDJSON.",
           .options = {{.name = "data-dir",
                        .value_name = "DIR",
                        .otherwise = "./paddock-data",
                        .help = "the server's data folder"},
                       {.name = "expect",
                        .value_name = "HASH",
                        .otherwise = "",
                        .help = "a last hash of before, which must be in the chain"}},
           .words = "verify|export",
           .run = run});
}

}  // namespace appliance
