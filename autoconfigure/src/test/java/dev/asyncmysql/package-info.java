/**
 * Tests.
 */
@NullMarked
package dev.asyncmysql;

import org.jspecify.annotations.NullMarked;
