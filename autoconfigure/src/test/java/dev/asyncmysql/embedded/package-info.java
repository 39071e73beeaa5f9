/**
 * Tests of the development database.
 */
@NullMarked
package dev.asyncmysql.embedded;

import org.jspecify.annotations.NullMarked;
