/**
 * What the guard holds, each item as a test that runs on any wiring of pool and driver,
 * with Boot's plain wiring for comparison.
 */
@NullMarked
package dev.asyncmysql.connection.stress;

import org.jspecify.annotations.NullMarked;
