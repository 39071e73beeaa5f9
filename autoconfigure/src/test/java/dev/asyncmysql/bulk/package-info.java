/**
 * Tests.
 */
@NullMarked
package dev.asyncmysql.bulk;

import org.jspecify.annotations.NullMarked;
