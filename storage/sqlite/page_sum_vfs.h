// A layer under SQLite that puts a checksum into the last bytes of every page of a database file
// when it is written and verifies it when it is read, so that flipped bits are an error that names
// the page and never an answer. Pages in the log (-wal) are covered by SQLite's own frame checksums
// when it is read back at start. Thread: any. Owns: nothing; layers live in SQLite's registry until
// the process ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;

namespace storage {

// The file format: fixed, because a checksum needs a place in every page.
constexpr int kPageBytes = 4096;
constexpr int kPageReservedBytes = 8;

// The name of the layer over a VFS (empty: the system's own), registering it when it is new.
std::string page_sum_vfs(std::string_view base);

// The last page of this connection's file that failed verification; 0 when none did.
int64_t bad_page(sqlite3* db);

// Verifies one page as it is in a file. Pages are numbered from 1.
bool page_sum_holds(const unsigned char* page, int64_t number);

}  // namespace storage
