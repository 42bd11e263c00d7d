// What jemalloc is told by a program that is linked with it.

extern "C" {

// The matrices of a list, of some ten kilobytes, stay with the thread as small
// pieces do.
extern const char* const malloc_conf;
const char* const malloc_conf = "lg_tcache_max:18";

}  // extern "C"
