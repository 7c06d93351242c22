#include "storage/sqlite/page_sum_vfs.h"

#include <algorithm>
#include <cstring>

#include "storage/base/log.h"
#include "storage/sqlite/crc32c.h"
#include "storage/sqlite/vfs_layer.h"

namespace storage {
namespace {

constexpr int kContentBytes = kPageBytes - kPageReservedBytes;
constexpr unsigned char kTag[4] = {'p', 'd', 'k', '1'};
constexpr int kBadPageControl = 0x70646b01;  // a file control of our own; SQLite's are below 100

// Our part of an open database file; the file of the layer below follows it in memory.
struct SumFile {
  sqlite3_file base;
  int64_t bad_page;
  const char* name;
};

using Layer = VfsLayer<SumFile>;

uint32_t sum_of(const unsigned char* page, int64_t number) {
  return crc32c(crc32c(0, page, kContentBytes), &number, sizeof(number));
}

bool is_page(int bytes, int64_t offset) {
  return bytes == kPageBytes && offset % kPageBytes == 0;
}

int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
  const int code = Layer::below(file)->pMethods->xRead(Layer::below(file), out, bytes, offset);
  if (code != SQLITE_OK || !is_page(bytes, offset)) return code;
  const int64_t number = offset / kPageBytes + 1;
  if (page_sum_holds(static_cast<const unsigned char*>(out), number)) return SQLITE_OK;
  SumFile& self = Layer::own(file);
  self.bad_page = number;
  log::error("a page is not what was written", {{"file", self.name}, {"page", number}});
  return SQLITE_IOERR_DATA;
}

int write(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
  sqlite3_file* real = Layer::below(file);
  if (!is_page(bytes, offset)) return real->pMethods->xWrite(real, in, bytes, offset);
  unsigned char page[kPageBytes];
  std::memcpy(page, in, kContentBytes);
  const uint32_t sum = sum_of(page, offset / kPageBytes + 1);
  std::memcpy(page + kContentBytes, &sum, 4);
  std::memcpy(page + kContentBytes + 4, kTag, 4);
  return real->pMethods->xWrite(real, page, bytes, offset);
}

int file_control(sqlite3_file* file, int op, void* arg) {
  if (op == kBadPageControl) {
    *static_cast<int64_t*>(arg) = Layer::own(file).bad_page;
    return SQLITE_OK;
  }
  return Layer::below(file)->pMethods->xFileControl(Layer::below(file), op, arg);
}

constexpr sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods = Layer::methods();
  methods.xRead = read;
  methods.xWrite = write;
  methods.xFileControl = file_control;
  return methods;
}();

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  sqlite3_vfs* real = Layer::below(vfs);
  if (!(flags & SQLITE_OPEN_MAIN_DB)) return real->xOpen(real, name, file, flags, flags_out);
  return Layer::open(vfs, name, file, flags, flags_out, kMethods, {{nullptr}, 0, name});
}

}  // namespace

bool page_sum_holds(const unsigned char* page, int64_t number) {
  uint32_t sum;
  std::memcpy(&sum, page + kContentBytes, 4);
  if (sum == sum_of(page, number) && std::memcmp(page + kContentBytes + 4, kTag, 4) == 0)
    return true;
  // A page that was allocated and given up before it was ever written is a hole in the file.
  return std::all_of(page, page + kPageBytes, [](unsigned char byte) { return byte == 0; });
}

std::string page_sum_vfs(std::string_view base) {
  std::string name = "paddock-page-sum";
  if (!base.empty()) name += "+" + std::string(base);
  sqlite3_initialize();
  sqlite3_mutex* mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);
  sqlite3_mutex_enter(mutex);
  if (!sqlite3_vfs_find(name.c_str())) {
    sqlite3_vfs* real = sqlite3_vfs_find(base.empty() ? nullptr : std::string(base).c_str());
    if (real) {
      char* stays = new char[name.size() + 1];
      std::memcpy(stays, name.c_str(), name.size() + 1);
      Layer::put(stays, real, open);
    }
  }
  sqlite3_mutex_leave(mutex);
  return name;
}

int64_t bad_page(sqlite3* db) {
  int64_t page = 0;
  sqlite3_file_control(db, "main", kBadPageControl, &page);
  return page;
}

}  // namespace storage
