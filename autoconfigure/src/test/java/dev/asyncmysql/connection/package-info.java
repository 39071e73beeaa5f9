/**
 * Tests.
 */
@NullMarked
package dev.asyncmysql.connection;

import org.jspecify.annotations.NullMarked;
