// Dashboard: the files of the web dashboard, held in the program in their brotli form.
// Thread: any. Owns: the index; the bytes are the program's own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace appliance {

struct DashboardFile {
  std::string path;  // URL path
  std::string type;  // Content-Type
  std::string csp;   // Content-Security-Policy, for pages
  std::string etag;
  bool immutable = false;  // its name has its hash
  std::string_view brotli;
  size_t size = 0;  // of the plain form
};

class Dashboard {
 public:
  Dashboard();
  // The file of this path; of any other path below /dashboard/ that is no asset, the page that
  // reads the path itself. Null when there is none.
  const DashboardFile* find(std::string_view path) const;
  bool empty() const { return files_.empty(); }

 private:
  std::vector<DashboardFile> files_;  // by path
};

// For clients that do not take brotli.
std::string plain_bytes(const DashboardFile& file);

}  // namespace appliance
